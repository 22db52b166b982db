package dev.pg.kernels;

import static dev.pg.kernels.Quantization.GROUP;
import static dev.pg.kernels.Quantization.TILE;

import dev.pg.core.DType;
import dev.pg.core.PgException;
import dev.pg.core.Tensor;
import dev.pg.core.Workers;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Quantises a matrix in two passes: {@link #fit} looks for its levels, {@link #encode} writes it. The same weights give the same bytes for
 * any number of threads. Immutable, and as thread-safe as the weights.
 */
public final class Quantizer {
    /** Inputs that are widened at once. */
    private static final int COLUMNS = 256;

    /**
     * Levels for scales that cut a little off, as {@link GroupEncoder} will choose them with four bits: 7.1 instead of 7.2 % of error. With
     * eight bits nothing is cut off.
     */
    private static final float CUT = 0.93f;

    private final Weights source;
    private final Quantization format;
    private final float[] levels;

    private Quantizer(Weights source, Quantization format, float[] levels) {
        this.source = source;
        this.format = format;
        this.levels = levels;
    }

    /**
     * Fits the levels to the weights.
     *
     * @param team who does the work; not closed by this
     * @throws PgException if a weight is NaN or infinite
     */
    public static Quantizer fit(Weights source, Quantization format, Workers team) {
        LevelFit[] fits = new LevelFit[team.threads()];
        Arrays.setAll(fits, i -> new LevelFit());
        float cut = format == Quantization.Q4 ? CUT : 1;
        team.run(tiles(source), (tile, worker) -> {
            float[] scale = new float[TILE];
            float[] middle = new float[TILE];
            forEachGroup(source, tile, (group, w) -> {
                GroupEncoder.hold(format, w, scale, middle);
                for (float s : scale) {
                    if (!Float.isFinite(s)) {
                        throw new PgException(
                                source + " holds NaN or infinity; the file is damaged, download it again");
                    }
                    fits[worker].add(cut * s);
                }
            });
        });
        for (int i = 1; i < fits.length; i++) {
            fits[0].add(fits[i]);
        }
        return new Quantizer(source, format, fits[0].levels());
    }

    /** {@link Quantization#LEVELS} numbers, ascending. */
    public float[] levels() {
        return levels.clone();
    }

    /** The weights that are quantised. */
    public Weights source() {
        return source;
    }

    /** Bytes of the packed matrix. */
    public long bytes() {
        return Arrays.stream(format.packedShape(source.rows(), source.cols())).reduce(1, Math::multiplyExact);
    }

    /**
     * Quantises all weights.
     *
     * @param target {@link #bytes} bytes of native memory, which the result views
     * @param team who does the work; not closed by this
     */
    public QuantizedWeights encode(MemorySegment target, Workers team) {
        long[] shape = format.packedShape(source.rows(), source.cols());
        Tensor packed = new Tensor(source.name(), DType.U8, shape, target);
        QuantizedWeights result =
                QuantizedWeights.of(source.name(), source.rows(), source.cols(), format, packed, levels);
        GroupEncoder[] encoders = new GroupEncoder[team.threads()];
        Arrays.setAll(encoders, i -> new GroupEncoder(format, levels));
        team.run(
                tiles(source),
                (tile, worker) -> forEachGroup(
                        source, tile, (group, w) -> encoders[worker].encode(w, target, result.groupAt(tile, group))));
        return result;
    }

    /**
     * Compares two matrices of one shape.
     *
     * @param team who does the work; not closed by this
     */
    public static QuantizationError error(Weights original, Weights quantized, Workers team) {
        QuantizationError[] errors = new QuantizationError[original.rows()];
        team.run(errors.length, (row, worker) -> {
            float[] a = new float[original.cols()];
            float[] b = new float[original.cols()];
            original.copyRow(row, a, 0);
            quantized.copyRow(row, b, 0);
            errors[row] = error(a, b);
        });
        return Arrays.stream(errors).reduce(QuantizationError.NONE, QuantizationError::plus);
    }

    private static QuantizationError error(float[] a, float[] b) {
        double max = 0;
        double squaredError = 0;
        double squares = 0;
        double quantizedSquares = 0;
        double products = 0;
        for (int k = 0; k < a.length; k++) {
            double difference = (double) a[k] - b[k];
            max = Math.max(max, Math.abs(difference));
            squaredError += difference * difference;
            squares += (double) a[k] * a[k];
            quantizedSquares += (double) b[k] * b[k];
            products += (double) a[k] * b[k];
        }
        return new QuantizationError(a.length, max, squaredError, squares, quantizedSquares, products);
    }

    private static int tiles(Weights source) {
        return Math.ceilDiv(source.rows(), TILE);
    }

    private interface GroupTask {
        /** Takes the weights of a group [GROUP × TILE], 0 beyond the matrix. */
        void take(int group, float[] w);
    }

    private static void forEachGroup(Weights source, int tile, GroupTask task) {
        int rows = Math.min(TILE, source.rows() - tile * TILE);
        float[] wide = new float[TILE * COLUMNS]; // rows beyond the last stay 0
        float[] w = new float[GROUP * TILE];
        for (int col = 0; col < source.cols(); col += COLUMNS) {
            int count = Math.min(COLUMNS, source.cols() - col);
            if (count < COLUMNS) {
                Arrays.fill(wide, 0);
            }
            source.unpack(tile * TILE, rows, col, count, wide, 0, COLUMNS);
            for (int k = 0; k < count; k += GROUP) {
                for (int i = 0; i < GROUP; i++) {
                    for (int r = 0; r < TILE; r++) {
                        w[i * TILE + r] = wide[r * COLUMNS + k + i];
                    }
                }
                task.take((col + k) / GROUP, w);
            }
        }
    }
}
