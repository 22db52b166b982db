package dev.pg.model.quantize;

import dev.pg.core.Checkpoint;
import dev.pg.core.DType;
import dev.pg.core.PgException;
import dev.pg.core.Safetensors;
import dev.pg.core.Tensor;
import dev.pg.core.TensorSource;
import dev.pg.core.Workers;
import dev.pg.kernels.Quantization;
import dev.pg.kernels.QuantizationError;
import dev.pg.kernels.QuantizedWeights;
import dev.pg.kernels.Quantizer;
import dev.pg.kernels.Weights;
import dev.pg.model.DerivedCheckpoint;
import dev.pg.model.Model;
import dev.pg.model.ModelOptions;
import dev.pg.model.ModelTensors;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A checkpoint with quantised weights, as a directory that needs no other. It is read twice: the first time to fit the levels, which
 * stand in front of the file, the second time to write. One matrix at a time is in memory, whatever the size of the checkpoint.
 */
public final class QuantizedCheckpoint {
    private final Checkpoint base;
    private final Workers team;
    private final Listener listener;
    private final Map<String, Quantizer> quantizers = new LinkedHashMap<>();

    /** Hears how far the work is. */
    public interface Listener {
        /** The work begins, of so many steps. */
        void start(int steps);

        /** Another step is done. */
        void step();

        /** A matrix is written. */
        void wrote(Report report);
    }

    /**
     * What became of one matrix.
     *
     * @param name as in the checkpoint that was quantised
     * @param error of the quantised weights
     */
    public record Report(String name, Quantization format, QuantizationError error) {}

    private QuantizedCheckpoint(Checkpoint base, Workers team, Listener listener) {
        this.base = base;
        this.team = team;
        this.listener = listener;
    }

    /**
     * Writes the checkpoint. The same weights give the same bytes for any number of threads.
     *
     * @param directory of the checkpoint to quantise
     * @param formats which weights to quantise
     * @param out a directory that does not exist or is empty; appears when it is complete
     * @throws PgException if {@code directory} is no model, quantised already or has nothing to quantise, if a weight is NaN or infinite, or
     *     if {@code out} cannot be written
     */
    public static void write(Path directory, WeightFormats formats, int threads, Path out, Listener listener) {
        // Opening reads no weights, and proves that config.json and tensors fit.
        try (Model model = Model.open(directory, ModelOptions.DEFAULT.withThreads(1));
                Checkpoint base = Checkpoint.open(model.directory());
                Workers team = new Workers(threads)) {
            if (QuantizedTensors.areIn(base.metadata())) {
                throw new PgException(directory + ": is quantised already; take the checkpoint that it was made of");
            }
            QuantizedCheckpoint quantized = new QuantizedCheckpoint(base, team, listener);
            DerivedCheckpoint.write(base, out, target -> quantized.write(formats, target));
        }
    }

    private void write(WeightFormats formats, Path directory) throws IOException {
        Map<String, Quantization> chosen = choose(formats);
        listener.start(chosen.size() + base.names().size());
        Map<String, long[]> shapes = new LinkedHashMap<>();
        chosen.forEach((name, format) -> {
            Tensor tensor = base.tensor(name);
            shapes.put(name, tensor.shape());
            quantizers.put(name, Quantizer.fit(Weights.of(tensor), format, team));
            listener.step();
        });
        try (Matrix matrix = new Matrix()) {
            List<TensorSource> tensors = new ArrayList<>();
            for (String name : base.names()) {
                Quantization format = chosen.get(name);
                if (format == null) {
                    tensors.add(new Unchanged(base.tensor(name), listener::step));
                } else {
                    Quantizer quantizer = quantizers.get(name);
                    tensors.add(new Packed(name, format, quantizer, matrix));
                    tensors.add(Tensor.ofFloats(
                            QuantizedTensors.levelsName(name), quantizer.levels(), Quantization.LEVELS));
                }
            }
            Safetensors.write(
                    directory.resolve(DerivedCheckpoint.WEIGHTS),
                    tensors,
                    QuantizedTensors.metadata(base.metadata(), shapes));
        }
    }

    private Map<String, Quantization> choose(WeightFormats formats) {
        Map<String, Quantization> chosen = new LinkedHashMap<>();
        for (String name : base.names()) {
            Optional<Quantization> format = formats.of(ModelTensors.role(name));
            if (format.isPresent() && base.tensor(name).rank() == 2) {
                chosen.put(name, format.get());
            }
        }
        if (chosen.isEmpty()) {
            throw new PgException(
                    base.directory()
                            + ": has no weights of the kind that is to be quantised; a vision tower alone has a format of its own");
        }
        return chosen;
    }

    /** Memory for the matrix that is being written. */
    private static final class Matrix implements AutoCloseable {
        private Arena arena = Arena.ofShared();

        MemorySegment allocate(long bytes) {
            close();
            arena = Arena.ofShared();
            return arena.allocate(bytes, 64);
        }

        @Override
        public void close() {
            if (arena.scope().isAlive()) {
                arena.close();
            }
        }
    }

    /** A tensor that stays as it is. */
    private record Unchanged(Tensor tensor, Runnable written) implements TensorSource {
        @Override
        public String name() {
            return tensor.name();
        }

        @Override
        public DType dtype() {
            return tensor.dtype();
        }

        @Override
        public long[] shape() {
            return tensor.shape();
        }

        @Override
        public void copyTo(MemorySegment target, long offset) {
            tensor.copyTo(target, offset);
            if (offset + target.byteSize() == bytes()) {
                written.run();
            }
        }
    }

    /** The bytes of a quantised matrix, which is made when the first of them are asked for. */
    private final class Packed implements TensorSource {
        private final String source;
        private final Quantization format;
        private final Quantizer quantizer;
        private final Matrix matrix;
        private MemorySegment packed;

        Packed(String source, Quantization format, Quantizer quantizer, Matrix matrix) {
            this.source = source;
            this.format = format;
            this.quantizer = quantizer;
            this.matrix = matrix;
        }

        @Override
        public String name() {
            return QuantizedTensors.packedName(source, format);
        }

        @Override
        public DType dtype() {
            return DType.U8;
        }

        @Override
        public long[] shape() {
            return format.packedShape(
                    quantizer.source().rows(), quantizer.source().cols());
        }

        @Override
        public void copyTo(MemorySegment target, long offset) {
            if (offset == 0) {
                packed = matrix.allocate(bytes());
                QuantizedWeights weights = quantizer.encode(packed, team);
                listener.wrote(new Report(source, format, Quantizer.error(quantizer.source(), weights, team)));
                listener.step();
            }
            target.copyFrom(packed.asSlice(offset, target.byteSize()));
        }
    }
}
