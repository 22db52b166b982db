package dev.pg.model.generate;

/** Cancels a row at its {@code count}-th token. */
final class CancelAfter implements TokenListener {
    private final int count;
    private int heard;

    CancelAfter(int count) {
        this.count = count;
    }

    @Override
    public boolean token(int row, int id) {
        return ++heard < count;
    }
}
