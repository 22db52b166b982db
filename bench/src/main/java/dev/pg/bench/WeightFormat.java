package dev.pg.bench;

import dev.pg.core.Checkpoint;
import dev.pg.core.DType;
import dev.pg.core.Tensor;
import dev.pg.kernels.Quantization;
import dev.pg.kernels.QuantizedWeights;
import dev.pg.model.ModelTensors;
import dev.pg.model.quantize.QuantizedTensors;
import dev.pg.model.quantize.WeightFormats;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The number format of a checkpoint's weights: that of its largest matrix, the embedding, which stands for all of the decoder, and that of the
 * largest matrix of its vision tower.
 *
 * @param name of the decoder's: BF16, Q8
 * @param bytesPerWeight of the decoder, in memory
 * @param visionBytesPerWeight of the tower, in memory
 * @param made true if the decoder's are quantised when they are loaded, and so lie in memory of their own
 * @param bytes of all weights in the files
 */
record WeightFormat(String name, double bytesPerWeight, double visionBytesPerWeight, boolean made, long bytes) {
    /**
     * Looks at the headers.
     *
     * @param wanted what the weights become when they are loaded
     */
    static WeightFormat read(Path directory, WeightFormats wanted) {
        try (Checkpoint checkpoint = Checkpoint.open(directory)) {
            Map<String, Tensor> tensors = new LinkedHashMap<>();
            checkpoint.names().forEach(name -> tensors.put(name, checkpoint.tensor(name)));
            QuantizedTensors stored = QuantizedTensors.of(directory, tensors, checkpoint.metadata());
            double vision = tensors.values().stream()
                    .filter(tensor -> ModelTensors.role(tensor.name()).startsWith("vision_tower"))
                    .filter(tensor -> !stored.isPart(tensor.name()))
                    .max(Comparator.comparingLong(Tensor::elements))
                    .map(tensor -> (double) tensor.dtype().bytes())
                    .orElse(0.0);
            Optional<Quantization> inFile = stored.weights().values().stream()
                    .max(Comparator.comparingLong(QuantizedWeights::bytes))
                    .map(QuantizedWeights::quantization);
            Optional<Quantization> format = wanted.text().or(() -> inFile);
            if (format.isPresent()) {
                double bytes = format.get().bytesPerWeight();
                return new WeightFormat(format.get().name(), bytes, vision, inFile.isEmpty(), checkpoint.bytes());
            }
            DType largest = tensors.values().stream()
                    .max(Comparator.comparingLong(Tensor::elements))
                    .map(Tensor::dtype)
                    .orElseThrow();
            return new WeightFormat(largest.name(), largest.bytes(), vision, false, checkpoint.bytes());
        }
    }
}
