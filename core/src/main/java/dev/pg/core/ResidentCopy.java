package dev.pg.core;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Copies of tensors, one behind the other in huge pages. Each piece is a task of its own, so that a team can share the work. */
final class ResidentCopy implements Workers.Task {
    /** Vectors and cache lines begin at a multiple of this, whatever the file did. */
    private static final long ALIGNMENT = 64;

    /** Enough to be worth a task, and few enough that the last one does not hold up the team. */
    private static final long PIECE = 16 << 20;

    private record Piece(MemorySegment from, MemorySegment to) {}

    private final Map<Tensor, Tensor> copies = new HashMap<>();
    private final List<Piece> pieces = new ArrayList<>();

    /**
     * Makes room for the copies, and fills none of it.
     *
     * @param memory owns them
     */
    ResidentCopy(Collection<Tensor> tensors, Arena memory) {
        long size = tensors.stream().mapToLong(ResidentCopy::alignedBytes).sum();
        MemorySegment all = HugePages.allocate(memory, size);
        long at = 0;
        for (Tensor tensor : tensors) {
            MemorySegment from = tensor.data();
            MemorySegment to = all.asSlice(at, from.byteSize());
            copies.put(tensor, new Tensor(tensor.name(), tensor.dtype(), tensor.shape(), to));
            for (long offset = 0; offset < from.byteSize(); offset += PIECE) {
                long bytes = Math.min(PIECE, from.byteSize() - offset);
                pieces.add(new Piece(from.asSlice(offset, bytes), to.asSlice(offset, bytes)));
            }
            at += alignedBytes(tensor);
        }
    }

    private static long alignedBytes(Tensor tensor) {
        return Math.ceilDiv(tensor.data().byteSize(), ALIGNMENT) * ALIGNMENT;
    }

    /** Number of tasks. */
    int pieces() {
        return pieces.size();
    }

    /** Fills one piece. */
    @Override
    public void run(int index, int worker) {
        Piece piece = pieces.get(index);
        piece.to.copyFrom(piece.from);
    }

    /** The copy of one of the tensors. */
    Tensor of(Tensor tensor) {
        return copies.get(tensor);
    }
}
