package dev.pg.bench;

import com.google.protobuf.ByteString;
import dev.pg.tokenizer.proto.ModelProto;
import dev.pg.tokenizer.proto.ModelProto.SentencePiece;
import dev.pg.tokenizer.proto.NormalizerSpec;
import dev.pg.tokenizer.proto.TrainerSpec;

/**
 * A SentencePiece model with the size and the layout of PaliGemma's, and invented pieces:
 *
 * <pre>
 *   0       &lt;pad&gt; &lt;eos&gt; &lt;bos&gt; &lt;unk&gt; &lt;mask&gt;, then symbols nobody uses
 *   108     "\n" to 31 times "\n"
 *   139     2 to 31 spaces
 *   217     &lt;0x00&gt; to &lt;0xFF&gt;
 *   473     printable ASCII and short strings of letters, with and without a space in front
 *   256000  &lt;loc0000&gt; to &lt;loc1023&gt;
 *   257024  &lt;seg000&gt; to &lt;seg127&gt;
 * </pre>
 *
 * A piece of letters is a shorter piece and one letter, so that byte-pair merges reach each of them.
 */
final class SyntheticTokenizer {
    /** Number of pieces; {@code <image>} is the id behind them, from added_tokens.json. */
    static final int SIZE = 257_152;

    private static final int NEWLINE = 108;
    private static final int BYTES = 217;
    private static final int LOCATIONS = 256_000;
    private static final String SPACE = "\u2581";

    private final ModelProto.Builder model = ModelProto.newBuilder();

    private SyntheticTokenizer() {}

    /** The bytes of tokenizer.model. */
    static byte[] model() {
        SyntheticTokenizer tokenizer = new SyntheticTokenizer();
        tokenizer.addSymbols();
        tokenizer.addText();
        tokenizer.addTaskSymbols();
        return tokenizer
                .model
                .setTrainerSpec(TrainerSpec.newBuilder()
                        .setModelType(TrainerSpec.ModelType.BPE)
                        .setByteFallback(true)
                        .setUnkPiece("<unk>")
                        .setBosPiece("<bos>")
                        .setEosPiece("<eos>")
                        .setPadPiece("<pad>"))
                .setNormalizerSpec(NormalizerSpec.newBuilder()
                        .setAddDummyPrefix(false)
                        .setRemoveExtraWhitespaces(false)
                        .setEscapeWhitespaces(true))
                .build()
                .toByteArray();
    }

    private void addSymbols() {
        add("<pad>", 0, SentencePiece.Type.CONTROL);
        add("<eos>", 0, SentencePiece.Type.CONTROL);
        add("<bos>", 0, SentencePiece.Type.CONTROL);
        add("<unk>", 0, SentencePiece.Type.UNKNOWN);
        add("<mask>", 0, SentencePiece.Type.USER_DEFINED);
        addUnused(NEWLINE);
        for (int n = 1; n <= 31; n++) {
            add("\n".repeat(n), 0, SentencePiece.Type.USER_DEFINED);
        }
        for (int n = 2; n <= 31; n++) {
            add(SPACE.repeat(n), 0, SentencePiece.Type.USER_DEFINED);
        }
        addUnused(BYTES);
        for (int b = 0; b < 256; b++) {
            add("<0x%02X>".formatted(b), 0, SentencePiece.Type.BYTE);
        }
    }

    private void addUnused(int end) {
        while (model.getPiecesCount() < end) {
            add("<unused" + model.getPiecesCount() + ">", 0, SentencePiece.Type.USER_DEFINED);
        }
    }

    private void addText() {
        addMerge(SPACE);
        for (char c = '!'; c <= '~'; c++) {
            addMerge(String.valueOf(c));
        }
        long strings = 26;
        for (int length = 1; model.getPiecesCount() < LOCATIONS; length++, strings *= 26) {
            for (long i = 0; length > 1 && i < strings; i++) {
                addMerge(letters(i, length));
            }
            for (long i = 0; i < strings; i++) {
                addMerge(SPACE + letters(i, length));
            }
        }
    }

    /** The number {@code i} in base 26, the letter a being zero. */
    private static String letters(long i, int length) {
        char[] digits = new char[length];
        for (int at = length - 1; at >= 0; at--) {
            digits[at] = (char) ('a' + i % 26);
            i /= 26;
        }
        return new String(digits);
    }

    private void addMerge(String piece) {
        if (model.getPiecesCount() < LOCATIONS) {
            add(piece, -model.getPiecesCount(), SentencePiece.Type.NORMAL);
        }
    }

    private void addTaskSymbols() {
        for (int i = 0; i < 1024; i++) {
            add("<loc%04d>".formatted(i), 0, SentencePiece.Type.USER_DEFINED);
        }
        for (int i = 0; i < 128; i++) {
            add("<seg%03d>".formatted(i), 0, SentencePiece.Type.USER_DEFINED);
        }
    }

    private void add(String piece, float score, SentencePiece.Type type) {
        model.addPieces(SentencePiece.newBuilder()
                .setPiece(ByteString.copyFromUtf8(piece))
                .setScore(score)
                .setType(type));
    }
}
