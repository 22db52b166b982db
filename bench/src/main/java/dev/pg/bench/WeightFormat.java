package dev.pg.bench;

import dev.pg.core.Checkpoint;
import dev.pg.core.DType;
import dev.pg.core.Tensor;
import java.nio.file.Path;
import java.util.Comparator;

/**
 * The number format of a checkpoint's weights: that of its largest matrix, the embedding, which stands for all.
 *
 * @param dtype as in the file
 * @param bytesPerWeight in memory
 * @param bytes of all weights
 */
record WeightFormat(DType dtype, double bytesPerWeight, long bytes) {
    /** Looks at the headers. */
    static WeightFormat read(Path directory) {
        try (Checkpoint checkpoint = Checkpoint.open(directory)) {
            Tensor largest = checkpoint.names().stream()
                    .map(checkpoint::tensor)
                    .max(Comparator.comparingLong(Tensor::elements))
                    .orElseThrow();
            double bytesPerWeight = (double) largest.data().byteSize() / largest.elements();
            return new WeightFormat(largest.dtype(), bytesPerWeight, checkpoint.bytes());
        }
    }
}
