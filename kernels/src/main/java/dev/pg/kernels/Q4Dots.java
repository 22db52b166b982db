package dev.pg.kernels;

import static dev.pg.kernels.VectorSupport.CACHE_LINE;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.B2S;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.LT;

import dev.pg.kernels.VectorSupport.Species;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Dot products of {@link Quantization#Q4} weights with rounded tokens, a row of the tile in each short lane, with four inputs. Products are
 * made in 16 bits, modulo 2^16: a lane v = q0 + 16·q1 + 256·q2 + 4096·q3 need not be taken apart to give
 *
 * <pre>
 *   v · a0 + (v >>> 4) · (a1 − 16·a0) + (v >>> 8) · (a2 − 16·a1) + (v >>> 12) · (a3 − 16·a2) = q0·a0 + q1·a1 + q2·a2 + q3·a3
 * </pre>
 *
 * Zero points and the middle of the format are products of the same kind, and {@link TileTokens} rounds so that the sum of a group fits a
 * lane. So only the scale of a group is left for floats. The loops are those of {@link Q8Dots}.
 */
final class Q4Dots {
    private static final VectorSpecies<Float> FLOAT = Species.FLOAT;
    private static final VectorSpecies<Integer> INT = Species.INT;
    private static final VectorSpecies<Short> SHORT = Species.SHORT_PAIRS;
    private static final VectorSpecies<Byte> BYTE = Species.BYTE_PAIRS;
    private static final int LANES = VectorSupport.LANES;

    private static final long BYTES = INT.vectorByteSize();
    private static final int TILE = Quantization.TILE;

    /** From a word of a row to the next. */
    private static final long WORD_BYTES = TILE * (long) Short.BYTES;

    /** See {@link Q8Dots}. */
    private static final ShortVector FOURS = ShortVector.broadcast(SHORT, 4);

    private Q4Dots() {}

    /**
     * The products of some groups of a whole tile with one token, where vectors have 512 bits: sums[row], in the order of {@link FewTiles}.
     *
     * @param at where the groups begin
     * @param words of a row in a group
     * @param step 1
     * @param x factors of {@link TileTokens}
     * @param scales of {@link TileTokens}
     * @param levels of the matrix
     * @param whole its first int is overwritten
     * @param sums added to
     */
    static void dots4x1(
            MemorySegment w,
            long at,
            int groups,
            int words,
            int step,
            int[] x,
            int xo,
            float[] scales,
            int co,
            float[] levels,
            int[] whole,
            float[] sums,
            int so) {
        FloatVector sum0 = FloatVector.fromArray(FLOAT, sums, so);
        FloatVector sum1 = FloatVector.fromArray(FLOAT, sums, so + LANES);
        FloatVector sum2 = FloatVector.fromArray(FLOAT, sums, so + 2 * LANES);
        FloatVector sum3 = FloatVector.fromArray(FLOAT, sums, so + 3 * LANES);
        long code = at;
        long word = at + TILE;
        long groupBytes = TILE + words * WORD_BYTES;
        long last = w.byteSize() - WORD_BYTES;
        int ahead = 0;
        for (int g = 0; g < groups; g++) {
            ShortVector code0 = (ShortVector)
                    ByteVector.fromMemorySegment(BYTE, w, code, LITTLE_ENDIAN).convertShape(B2S, SHORT, 0);
            ShortVector code1 = (ShortVector) ByteVector.fromMemorySegment(BYTE, w, code + BYTES / 2, LITTLE_ENDIAN)
                    .convertShape(B2S, SHORT, 0);
            ShortVector zero = IntVector.broadcast(INT, x[xo + 16]).reinterpretAsShorts();
            ShortVector middle = IntVector.broadcast(INT, x[xo + 17]).reinterpretAsShorts();
            ShortVector s0 = code0.lanewise(ASHR, 4).mul(zero).add(middle);
            ShortVector s1 = code1.lanewise(ASHR, 4).mul(zero).add(middle);
            for (int i = 0; i < words; i += step) {
                ShortVector x0 = IntVector.broadcast(INT, x[xo]).reinterpretAsShorts();
                ShortVector x1 = IntVector.broadcast(INT, x[xo + 8]).reinterpretAsShorts();
                ShortVector x2 = IntVector.broadcast(INT, x[xo + 1]).reinterpretAsShorts();
                ShortVector x3 = IntVector.broadcast(INT, x[xo + 9]).reinterpretAsShorts();
                ShortVector w0 = ShortVector.fromMemorySegment(SHORT, w, word, LITTLE_ENDIAN);
                s0 = w0.mul(x0).add(s0);
                w0 = w0.lanewise(LSHR, FOURS);
                s0 = w0.mul(x1).add(s0);
                w0 = w0.lanewise(LSHR, FOURS);
                s0 = w0.mul(x2).add(s0);
                w0 = w0.lanewise(LSHR, FOURS);
                s0 = w0.mul(x3).add(s0);
                ShortVector w1 = ShortVector.fromMemorySegment(SHORT, w, word + BYTES, LITTLE_ENDIAN);
                s1 = w1.mul(x0).add(s1);
                w1 = w1.lanewise(LSHR, FOURS);
                s1 = w1.mul(x1).add(s1);
                w1 = w1.lanewise(LSHR, FOURS);
                s1 = w1.mul(x2).add(s1);
                w1 = w1.lanewise(LSHR, FOURS);
                s1 = w1.mul(x3).add(s1);
                long next = Math.min(word + WORD_BYTES, last);
                ahead |= w.get(JAVA_BYTE, next) | w.get(JAVA_BYTE, next + CACHE_LINE);
                word += WORD_BYTES;
                xo += 2;
            }
            xo += 10;
            FloatVector scale = FloatVector.broadcast(FLOAT, scales[co]);
            IntVector table = FloatVector.fromArray(FLOAT, levels, 0).mul(scale).reinterpretAsInts();
            IntVector even0 = code0.reinterpretAsInts();
            IntVector odd0 = even0.lanewise(LSHR, 16);
            IntVector both0 = s0.reinterpretAsInts();
            IntVector scale0 = even0.selectFrom(table);
            IntVector scale1 = odd0.selectFrom(table);
            sum0 = ((FloatVector) both0.lanewise(LSHL, 16).lanewise(ASHR, 16).convertShape(I2F, FLOAT, 0))
                    .fma(scale0.reinterpretAsFloats(), sum0);
            sum1 = ((FloatVector) both0.lanewise(ASHR, 16).convertShape(I2F, FLOAT, 0))
                    .fma(scale1.reinterpretAsFloats(), sum1);
            IntVector even1 = code1.reinterpretAsInts();
            IntVector odd1 = even1.lanewise(LSHR, 16);
            IntVector both1 = s1.reinterpretAsInts();
            IntVector scale2 = even1.selectFrom(table);
            IntVector scale3 = odd1.selectFrom(table);
            sum2 = ((FloatVector) both1.lanewise(LSHL, 16).lanewise(ASHR, 16).convertShape(I2F, FLOAT, 0))
                    .fma(scale2.reinterpretAsFloats(), sum2);
            sum3 = ((FloatVector) both1.lanewise(ASHR, 16).convertShape(I2F, FLOAT, 0))
                    .fma(scale3.reinterpretAsFloats(), sum3);
            co++;
            code += groupBytes;
            word += TILE;
        }
        sum0.intoArray(sums, so);
        sum1.intoArray(sums, so + LANES);
        sum2.intoArray(sums, so + 2 * LANES);
        sum3.intoArray(sums, so + 3 * LANES);
        whole[0] = ahead;
    }

    /**
     * {@link #dots4x1} for two tiles at once, word by word, for processors that read two straight streams faster than one; see {@link Q8Dots}.
     *
     * @param apart bytes from the first tile to the second
     * @param sums of both, 2 · {@link Quantization#TILE}
     */
    static void pair4x1(
            MemorySegment w,
            long at,
            long apart,
            int groups,
            int words,
            int step,
            int[] x,
            int xo,
            float[] scales,
            int co,
            float[] levels,
            int[] whole,
            float[] sums,
            int so) {
        FloatVector sum0 = FloatVector.fromArray(FLOAT, sums, so);
        FloatVector sum1 = FloatVector.fromArray(FLOAT, sums, so + LANES);
        FloatVector sum2 = FloatVector.fromArray(FLOAT, sums, so + 2 * LANES);
        FloatVector sum3 = FloatVector.fromArray(FLOAT, sums, so + 3 * LANES);
        FloatVector sum4 = FloatVector.fromArray(FLOAT, sums, so + TILE);
        FloatVector sum5 = FloatVector.fromArray(FLOAT, sums, so + TILE + LANES);
        FloatVector sum6 = FloatVector.fromArray(FLOAT, sums, so + TILE + 2 * LANES);
        FloatVector sum7 = FloatVector.fromArray(FLOAT, sums, so + TILE + 3 * LANES);
        long code = at;
        long word = at + TILE;
        long groupBytes = TILE + words * WORD_BYTES;
        long last = w.byteSize() - WORD_BYTES - CACHE_LINE;
        int ahead = 0;
        for (int g = 0; g < groups; g++) {
            long other = code + apart;
            ShortVector code0 = (ShortVector)
                    ByteVector.fromMemorySegment(BYTE, w, code, LITTLE_ENDIAN).convertShape(B2S, SHORT, 0);
            ShortVector code1 = (ShortVector) ByteVector.fromMemorySegment(BYTE, w, code + BYTES / 2, LITTLE_ENDIAN)
                    .convertShape(B2S, SHORT, 0);
            ShortVector code2 = (ShortVector)
                    ByteVector.fromMemorySegment(BYTE, w, other, LITTLE_ENDIAN).convertShape(B2S, SHORT, 0);
            ShortVector code3 = (ShortVector) ByteVector.fromMemorySegment(BYTE, w, other + BYTES / 2, LITTLE_ENDIAN)
                    .convertShape(B2S, SHORT, 0);
            ShortVector zero = IntVector.broadcast(INT, x[xo + 16]).reinterpretAsShorts();
            ShortVector middle = IntVector.broadcast(INT, x[xo + 17]).reinterpretAsShorts();
            ShortVector s0 = code0.lanewise(ASHR, 4).mul(zero).add(middle);
            ShortVector s1 = code1.lanewise(ASHR, 4).mul(zero).add(middle);
            ShortVector s2 = code2.lanewise(ASHR, 4).mul(zero).add(middle);
            ShortVector s3 = code3.lanewise(ASHR, 4).mul(zero).add(middle);
            for (int i = 0; i < words; i += step) {
                long next = Math.min(word + WORD_BYTES, last);
                ahead |= w.get(JAVA_BYTE, next)
                        | w.get(JAVA_BYTE, next + CACHE_LINE)
                        | w.get(JAVA_BYTE, next + 2 * CACHE_LINE);
                long otherNext = Math.min(word + apart + WORD_BYTES, last);
                ahead |= w.get(JAVA_BYTE, otherNext)
                        | w.get(JAVA_BYTE, otherNext + CACHE_LINE)
                        | w.get(JAVA_BYTE, otherNext + 2 * CACHE_LINE);
                ShortVector x0 = IntVector.broadcast(INT, x[xo]).reinterpretAsShorts();
                ShortVector x1 = IntVector.broadcast(INT, x[xo + 8]).reinterpretAsShorts();
                ShortVector x2 = IntVector.broadcast(INT, x[xo + 1]).reinterpretAsShorts();
                ShortVector x3 = IntVector.broadcast(INT, x[xo + 9]).reinterpretAsShorts();
                ShortVector w0 = ShortVector.fromMemorySegment(SHORT, w, word, LITTLE_ENDIAN);
                s0 = w0.mul(x0).add(s0);
                w0 = w0.lanewise(LSHR, FOURS);
                s0 = w0.mul(x1).add(s0);
                w0 = w0.lanewise(LSHR, FOURS);
                s0 = w0.mul(x2).add(s0);
                w0 = w0.lanewise(LSHR, FOURS);
                s0 = w0.mul(x3).add(s0);
                ShortVector w1 = ShortVector.fromMemorySegment(SHORT, w, word + BYTES, LITTLE_ENDIAN);
                s1 = w1.mul(x0).add(s1);
                w1 = w1.lanewise(LSHR, FOURS);
                s1 = w1.mul(x1).add(s1);
                w1 = w1.lanewise(LSHR, FOURS);
                s1 = w1.mul(x2).add(s1);
                w1 = w1.lanewise(LSHR, FOURS);
                s1 = w1.mul(x3).add(s1);
                ShortVector w2 = ShortVector.fromMemorySegment(SHORT, w, word + apart, LITTLE_ENDIAN);
                s2 = w2.mul(x0).add(s2);
                w2 = w2.lanewise(LSHR, FOURS);
                s2 = w2.mul(x1).add(s2);
                w2 = w2.lanewise(LSHR, FOURS);
                s2 = w2.mul(x2).add(s2);
                w2 = w2.lanewise(LSHR, FOURS);
                s2 = w2.mul(x3).add(s2);
                ShortVector w3 = ShortVector.fromMemorySegment(SHORT, w, word + apart + BYTES, LITTLE_ENDIAN);
                s3 = w3.mul(x0).add(s3);
                w3 = w3.lanewise(LSHR, FOURS);
                s3 = w3.mul(x1).add(s3);
                w3 = w3.lanewise(LSHR, FOURS);
                s3 = w3.mul(x2).add(s3);
                w3 = w3.lanewise(LSHR, FOURS);
                s3 = w3.mul(x3).add(s3);
                word += WORD_BYTES;
                xo += 2;
            }
            xo += 10;
            FloatVector scale = FloatVector.broadcast(FLOAT, scales[co]);
            IntVector table = FloatVector.fromArray(FLOAT, levels, 0).mul(scale).reinterpretAsInts();
            IntVector even0 = code0.reinterpretAsInts();
            IntVector odd0 = even0.lanewise(LSHR, 16);
            IntVector both0 = s0.reinterpretAsInts();
            IntVector scale0 = even0.selectFrom(table);
            IntVector scale1 = odd0.selectFrom(table);
            sum0 = ((FloatVector) both0.lanewise(LSHL, 16).lanewise(ASHR, 16).convertShape(I2F, FLOAT, 0))
                    .fma(scale0.reinterpretAsFloats(), sum0);
            sum1 = ((FloatVector) both0.lanewise(ASHR, 16).convertShape(I2F, FLOAT, 0))
                    .fma(scale1.reinterpretAsFloats(), sum1);
            IntVector even1 = code1.reinterpretAsInts();
            IntVector odd1 = even1.lanewise(LSHR, 16);
            IntVector both1 = s1.reinterpretAsInts();
            IntVector scale2 = even1.selectFrom(table);
            IntVector scale3 = odd1.selectFrom(table);
            sum2 = ((FloatVector) both1.lanewise(LSHL, 16).lanewise(ASHR, 16).convertShape(I2F, FLOAT, 0))
                    .fma(scale2.reinterpretAsFloats(), sum2);
            sum3 = ((FloatVector) both1.lanewise(ASHR, 16).convertShape(I2F, FLOAT, 0))
                    .fma(scale3.reinterpretAsFloats(), sum3);
            IntVector even2 = code2.reinterpretAsInts();
            IntVector odd2 = even2.lanewise(LSHR, 16);
            IntVector both2 = s2.reinterpretAsInts();
            IntVector scale4 = even2.selectFrom(table);
            IntVector scale5 = odd2.selectFrom(table);
            sum4 = ((FloatVector) both2.lanewise(LSHL, 16).lanewise(ASHR, 16).convertShape(I2F, FLOAT, 0))
                    .fma(scale4.reinterpretAsFloats(), sum4);
            sum5 = ((FloatVector) both2.lanewise(ASHR, 16).convertShape(I2F, FLOAT, 0))
                    .fma(scale5.reinterpretAsFloats(), sum5);
            IntVector even3 = code3.reinterpretAsInts();
            IntVector odd3 = even3.lanewise(LSHR, 16);
            IntVector both3 = s3.reinterpretAsInts();
            IntVector scale6 = even3.selectFrom(table);
            IntVector scale7 = odd3.selectFrom(table);
            sum6 = ((FloatVector) both3.lanewise(LSHL, 16).lanewise(ASHR, 16).convertShape(I2F, FLOAT, 0))
                    .fma(scale6.reinterpretAsFloats(), sum6);
            sum7 = ((FloatVector) both3.lanewise(ASHR, 16).convertShape(I2F, FLOAT, 0))
                    .fma(scale7.reinterpretAsFloats(), sum7);
            co++;
            code += groupBytes;
            word += TILE;
        }
        sum0.intoArray(sums, so);
        sum1.intoArray(sums, so + LANES);
        sum2.intoArray(sums, so + 2 * LANES);
        sum3.intoArray(sums, so + 3 * LANES);
        sum4.intoArray(sums, so + TILE);
        sum5.intoArray(sums, so + TILE + LANES);
        sum6.intoArray(sums, so + TILE + 2 * LANES);
        sum7.intoArray(sums, so + TILE + 3 * LANES);
        whole[0] = ahead;
    }

    /**
     * The products of some groups of 8 · LANES rows with one token, where vectors have 128 or 256 bits: sums[row], in the order of {@link
     * FewTiles}. See {@link Q8Dots#dots8x1}.
     *
     * @param at where the groups begin
     * @param row the first, of the tile
     * @param words of a row in a group
     * @param step 1
     * @param four 4
     * @param x factors of {@link TileTokens}
     * @param scales of {@link TileTokens}
     * @param levels of the matrix
     * @param whole 8 · LANES ints; of each two vectors of rows the sums, then the codes
     * @param sums added to
     */
    static void dots8x1(
            MemorySegment w,
            long at,
            int row,
            int groups,
            int words,
            int step,
            int four,
            int[] x,
            int xo,
            float[] scales,
            int co,
            float[] levels,
            int[] whole,
            float[] sums,
            int so) {
        long code = at + row;
        long word = at + TILE + row * (long) Short.BYTES;
        long groupBytes = TILE + words * WORD_BYTES;
        long last = w.byteSize() - WORD_BYTES;
        int ahead = 0;
        for (int g = 0; g < groups; g++) {
            ((ShortVector) ByteVector.fromMemorySegment(BYTE, w, code, LITTLE_ENDIAN)
                            .convertShape(B2S, SHORT, 0))
                    .reinterpretAsInts()
                    .intoArray(whole, LANES);
            ((ShortVector) ByteVector.fromMemorySegment(BYTE, w, code + BYTES / 2, LITTLE_ENDIAN)
                            .convertShape(B2S, SHORT, 0))
                    .reinterpretAsInts()
                    .intoArray(whole, 3 * LANES);
            ((ShortVector) ByteVector.fromMemorySegment(BYTE, w, code + BYTES, LITTLE_ENDIAN)
                            .convertShape(B2S, SHORT, 0))
                    .reinterpretAsInts()
                    .intoArray(whole, 5 * LANES);
            ((ShortVector) ByteVector.fromMemorySegment(BYTE, w, code + 3 * BYTES / 2, LITTLE_ENDIAN)
                            .convertShape(B2S, SHORT, 0))
                    .reinterpretAsInts()
                    .intoArray(whole, 7 * LANES);
            ShortVector zero = IntVector.broadcast(INT, x[xo + 16]).reinterpretAsShorts();
            ShortVector middle = IntVector.broadcast(INT, x[xo + 17]).reinterpretAsShorts();
            ShortVector s0 = middle;
            ShortVector s1 = middle;
            ShortVector s2 = middle;
            ShortVector s3 = middle;
            for (int i = 0; i < words; i += step) {
                ShortVector x0 = IntVector.broadcast(INT, x[xo]).reinterpretAsShorts();
                ShortVector x1 = IntVector.broadcast(INT, x[xo + 8]).reinterpretAsShorts();
                ShortVector x2 = IntVector.broadcast(INT, x[xo + 1]).reinterpretAsShorts();
                ShortVector x3 = IntVector.broadcast(INT, x[xo + 9]).reinterpretAsShorts();
                ShortVector w0 = ShortVector.fromMemorySegment(SHORT, w, word, LITTLE_ENDIAN);
                s0 = w0.mul(x0).add(s0);
                w0 = w0.lanewise(LSHR, four);
                s0 = w0.mul(x1).add(s0);
                w0 = w0.lanewise(LSHR, four);
                s0 = w0.mul(x2).add(s0);
                w0 = w0.lanewise(LSHR, four);
                s0 = w0.mul(x3).add(s0);
                ShortVector w1 = ShortVector.fromMemorySegment(SHORT, w, word + BYTES, LITTLE_ENDIAN);
                s1 = w1.mul(x0).add(s1);
                w1 = w1.lanewise(LSHR, four);
                s1 = w1.mul(x1).add(s1);
                w1 = w1.lanewise(LSHR, four);
                s1 = w1.mul(x2).add(s1);
                w1 = w1.lanewise(LSHR, four);
                s1 = w1.mul(x3).add(s1);
                ShortVector w2 = ShortVector.fromMemorySegment(SHORT, w, word + 2 * BYTES, LITTLE_ENDIAN);
                s2 = w2.mul(x0).add(s2);
                w2 = w2.lanewise(LSHR, four);
                s2 = w2.mul(x1).add(s2);
                w2 = w2.lanewise(LSHR, four);
                s2 = w2.mul(x2).add(s2);
                w2 = w2.lanewise(LSHR, four);
                s2 = w2.mul(x3).add(s2);
                ShortVector w3 = ShortVector.fromMemorySegment(SHORT, w, word + 3 * BYTES, LITTLE_ENDIAN);
                s3 = w3.mul(x0).add(s3);
                w3 = w3.lanewise(LSHR, four);
                s3 = w3.mul(x1).add(s3);
                w3 = w3.lanewise(LSHR, four);
                s3 = w3.mul(x2).add(s3);
                w3 = w3.lanewise(LSHR, four);
                s3 = w3.mul(x3).add(s3);
                long next = Math.min(word + WORD_BYTES, last);
                ahead |= w.get(JAVA_BYTE, next) | w.get(JAVA_BYTE, next + CACHE_LINE);
                word += WORD_BYTES;
                xo += 2;
            }
            s0.reinterpretAsInts().intoArray(whole, 0);
            s1.reinterpretAsInts().intoArray(whole, 2 * LANES);
            s2.reinterpretAsInts().intoArray(whole, 4 * LANES);
            s3.reinterpretAsInts().intoArray(whole, 6 * LANES);
            xo += 10;
            FloatVector scale = FloatVector.broadcast(FLOAT, scales[co]);
            IntVector t0 = FloatVector.fromArray(FLOAT, levels, 0).mul(scale).reinterpretAsInts();
            IntVector t1 =
                    FloatVector.fromArray(FLOAT, levels, LANES).mul(scale).reinterpretAsInts();
            IntVector t2 = FloatVector.fromArray(FLOAT, levels, 2 * LANES % 16)
                    .mul(scale)
                    .reinterpretAsInts();
            IntVector t3 = FloatVector.fromArray(FLOAT, levels, 3 * LANES % 16)
                    .mul(scale)
                    .reinterpretAsInts();
            for (int r = 0; r < 8 * LANES; r += 2 * LANES * step) {
                IntVector even = IntVector.fromArray(INT, whole, r + LANES);
                IntVector both = even.reinterpretAsShorts()
                        .lanewise(ASHR, 4)
                        .mul(zero)
                        .add(IntVector.fromArray(INT, whole, r).reinterpretAsShorts())
                        .reinterpretAsInts();
                IntVector odd = even.lanewise(LSHR, 16);
                IntVector evenScale = LANES == 8
                        ? even.selectFrom(t0)
                                .blend(
                                        even.selectFrom(t1),
                                        even.lanewise(LSHL, 28).compare(LT, 0))
                        : even.selectFrom(t0, t1)
                                .blend(
                                        even.selectFrom(t2, t3),
                                        even.lanewise(LSHL, 28).compare(LT, 0));
                IntVector oddScale = LANES == 8
                        ? odd.selectFrom(t0)
                                .blend(
                                        odd.selectFrom(t1),
                                        odd.lanewise(LSHL, 28).compare(LT, 0))
                        : odd.selectFrom(t0, t1)
                                .blend(
                                        odd.selectFrom(t2, t3),
                                        odd.lanewise(LSHL, 28).compare(LT, 0));
                ((FloatVector) both.lanewise(LSHL, 16).lanewise(ASHR, 16).convertShape(I2F, FLOAT, 0))
                        .fma(evenScale.reinterpretAsFloats(), FloatVector.fromArray(FLOAT, sums, so + r))
                        .intoArray(sums, so + r);
                ((FloatVector) both.lanewise(ASHR, 16).convertShape(I2F, FLOAT, 0))
                        .fma(oddScale.reinterpretAsFloats(), FloatVector.fromArray(FLOAT, sums, so + r + LANES))
                        .intoArray(sums, so + r + LANES);
            }
            co++;
            code += groupBytes;
            word += TILE;
        }
        whole[0] = ahead;
    }

    /**
     * The products of some groups of 2 · LANES rows with four tokens: sums[token][row], in the order of {@link FewTiles}.
     *
     * @param at where the groups begin
     * @param row the first, of the tile
     * @param words of a row in a group
     * @param step 1
     * @param next ints from the factors of a token to those of the next
     * @param four 4
     * @param x factors of {@link TileTokens}
     * @param scales of {@link TileTokens}
     * @param levels of the matrix
     * @param sums added to
     */
    static void dots2x4(
            MemorySegment w,
            long at,
            int row,
            int groups,
            int words,
            int step,
            int next,
            int four,
            int[] x,
            int xo,
            float[] scales,
            int co,
            float[] levels,
            float[] sums,
            int so) {
        long code = at + row;
        long word = at + TILE + row * (long) Short.BYTES;
        long groupBytes = TILE + words * WORD_BYTES;
        for (int g = 0; g < groups; g++) {
            ShortVector codes = (ShortVector)
                    ByteVector.fromMemorySegment(BYTE, w, code, LITTLE_ENDIAN).convertShape(B2S, SHORT, 0);
            ShortVector zeros = codes.lanewise(ASHR, 4);
            ShortVector s0 = zeros.mul(IntVector.broadcast(INT, x[xo + 16]).reinterpretAsShorts())
                    .add(IntVector.broadcast(INT, x[xo + 17]).reinterpretAsShorts());
            ShortVector s1 = zeros.mul(
                            IntVector.broadcast(INT, x[xo + next + 16]).reinterpretAsShorts())
                    .add(IntVector.broadcast(INT, x[xo + next + 17]).reinterpretAsShorts());
            ShortVector s2 = zeros.mul(
                            IntVector.broadcast(INT, x[xo + 2 * next + 16]).reinterpretAsShorts())
                    .add(IntVector.broadcast(INT, x[xo + 2 * next + 17]).reinterpretAsShorts());
            ShortVector s3 = zeros.mul(
                            IntVector.broadcast(INT, x[xo + 3 * next + 16]).reinterpretAsShorts())
                    .add(IntVector.broadcast(INT, x[xo + 3 * next + 17]).reinterpretAsShorts());
            for (int i = 0; i < words; i += step) {
                ShortVector w0 = ShortVector.fromMemorySegment(SHORT, w, word, LITTLE_ENDIAN);
                s0 = w0.mul(IntVector.broadcast(INT, x[xo]).reinterpretAsShorts())
                        .add(s0);
                s1 = w0.mul(IntVector.broadcast(INT, x[xo + next]).reinterpretAsShorts())
                        .add(s1);
                s2 = w0.mul(IntVector.broadcast(INT, x[xo + 2 * next]).reinterpretAsShorts())
                        .add(s2);
                s3 = w0.mul(IntVector.broadcast(INT, x[xo + 3 * next]).reinterpretAsShorts())
                        .add(s3);
                xo += 8;
                w0 = LANES == 16 ? w0.lanewise(LSHR, FOURS) : w0.lanewise(LSHR, four);
                s0 = w0.mul(IntVector.broadcast(INT, x[xo]).reinterpretAsShorts())
                        .add(s0);
                s1 = w0.mul(IntVector.broadcast(INT, x[xo + next]).reinterpretAsShorts())
                        .add(s1);
                s2 = w0.mul(IntVector.broadcast(INT, x[xo + 2 * next]).reinterpretAsShorts())
                        .add(s2);
                s3 = w0.mul(IntVector.broadcast(INT, x[xo + 3 * next]).reinterpretAsShorts())
                        .add(s3);
                xo -= 7;
                w0 = LANES == 16 ? w0.lanewise(LSHR, FOURS) : w0.lanewise(LSHR, four);
                s0 = w0.mul(IntVector.broadcast(INT, x[xo]).reinterpretAsShorts())
                        .add(s0);
                s1 = w0.mul(IntVector.broadcast(INT, x[xo + next]).reinterpretAsShorts())
                        .add(s1);
                s2 = w0.mul(IntVector.broadcast(INT, x[xo + 2 * next]).reinterpretAsShorts())
                        .add(s2);
                s3 = w0.mul(IntVector.broadcast(INT, x[xo + 3 * next]).reinterpretAsShorts())
                        .add(s3);
                xo += 8;
                w0 = LANES == 16 ? w0.lanewise(LSHR, FOURS) : w0.lanewise(LSHR, four);
                s0 = w0.mul(IntVector.broadcast(INT, x[xo]).reinterpretAsShorts())
                        .add(s0);
                s1 = w0.mul(IntVector.broadcast(INT, x[xo + next]).reinterpretAsShorts())
                        .add(s1);
                s2 = w0.mul(IntVector.broadcast(INT, x[xo + 2 * next]).reinterpretAsShorts())
                        .add(s2);
                s3 = w0.mul(IntVector.broadcast(INT, x[xo + 3 * next]).reinterpretAsShorts())
                        .add(s3);
                word += WORD_BYTES;
                xo -= 7;
            }
            xo += 4 * next - 8;
            IntVector t0 = FloatVector.fromArray(FLOAT, levels, 0).reinterpretAsInts();
            IntVector t1 = FloatVector.fromArray(FLOAT, levels, LANES % 16).reinterpretAsInts();
            IntVector t2 = FloatVector.fromArray(FLOAT, levels, 2 * LANES % 16).reinterpretAsInts();
            IntVector t3 = FloatVector.fromArray(FLOAT, levels, 3 * LANES % 16).reinterpretAsInts();
            IntVector even = codes.reinterpretAsInts();
            IntVector odd = even.lanewise(LSHR, 16);
            IntVector evenLevels = LANES == 16
                    ? even.selectFrom(t0)
                    : LANES == 8
                            ? even.selectFrom(t0)
                                    .blend(
                                            even.selectFrom(t1),
                                            even.lanewise(LSHL, 28).compare(LT, 0))
                            : even.selectFrom(t0, t1)
                                    .blend(
                                            even.selectFrom(t2, t3),
                                            even.lanewise(LSHL, 28).compare(LT, 0));
            IntVector oddLevels = LANES == 16
                    ? odd.selectFrom(t0)
                    : LANES == 8
                            ? odd.selectFrom(t0)
                                    .blend(
                                            odd.selectFrom(t1),
                                            odd.lanewise(LSHL, 28).compare(LT, 0))
                            : odd.selectFrom(t0, t1)
                                    .blend(
                                            odd.selectFrom(t2, t3),
                                            odd.lanewise(LSHL, 28).compare(LT, 0));
            FloatVector evens = evenLevels.reinterpretAsFloats();
            FloatVector odds = oddLevels.reinterpretAsFloats();
            FloatVector scale0 = FloatVector.broadcast(FLOAT, scales[co]);
            IntVector both0 = s0.reinterpretAsInts();
            ((FloatVector) both0.lanewise(LSHL, 16).lanewise(ASHR, 16).convertShape(I2F, FLOAT, 0))
                    .fma(evens.mul(scale0), FloatVector.fromArray(FLOAT, sums, so))
                    .intoArray(sums, so);
            ((FloatVector) both0.lanewise(ASHR, 16).convertShape(I2F, FLOAT, 0))
                    .fma(odds.mul(scale0), FloatVector.fromArray(FLOAT, sums, so + LANES))
                    .intoArray(sums, so + LANES);
            FloatVector scale1 = FloatVector.broadcast(FLOAT, scales[co + 1]);
            IntVector both1 = s1.reinterpretAsInts();
            ((FloatVector) both1.lanewise(LSHL, 16).lanewise(ASHR, 16).convertShape(I2F, FLOAT, 0))
                    .fma(evens.mul(scale1), FloatVector.fromArray(FLOAT, sums, so + TILE))
                    .intoArray(sums, so + TILE);
            ((FloatVector) both1.lanewise(ASHR, 16).convertShape(I2F, FLOAT, 0))
                    .fma(odds.mul(scale1), FloatVector.fromArray(FLOAT, sums, so + TILE + LANES))
                    .intoArray(sums, so + TILE + LANES);
            FloatVector scale2 = FloatVector.broadcast(FLOAT, scales[co + 2]);
            IntVector both2 = s2.reinterpretAsInts();
            ((FloatVector) both2.lanewise(LSHL, 16).lanewise(ASHR, 16).convertShape(I2F, FLOAT, 0))
                    .fma(evens.mul(scale2), FloatVector.fromArray(FLOAT, sums, so + 2 * TILE))
                    .intoArray(sums, so + 2 * TILE);
            ((FloatVector) both2.lanewise(ASHR, 16).convertShape(I2F, FLOAT, 0))
                    .fma(odds.mul(scale2), FloatVector.fromArray(FLOAT, sums, so + 2 * TILE + LANES))
                    .intoArray(sums, so + 2 * TILE + LANES);
            FloatVector scale3 = FloatVector.broadcast(FLOAT, scales[co + 3]);
            IntVector both3 = s3.reinterpretAsInts();
            ((FloatVector) both3.lanewise(LSHL, 16).lanewise(ASHR, 16).convertShape(I2F, FLOAT, 0))
                    .fma(evens.mul(scale3), FloatVector.fromArray(FLOAT, sums, so + 3 * TILE))
                    .intoArray(sums, so + 3 * TILE);
            ((FloatVector) both3.lanewise(ASHR, 16).convertShape(I2F, FLOAT, 0))
                    .fma(odds.mul(scale3), FloatVector.fromArray(FLOAT, sums, so + 3 * TILE + LANES))
                    .intoArray(sums, so + 3 * TILE + LANES);
            co += 4;
            code += groupBytes;
            word += TILE;
        }
    }
}
