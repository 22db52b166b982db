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
 * Dot products of {@link Quantization#Q8} weights with rounded tokens, a row of the tile in each short lane, with two inputs. Products are
 * made in 16 bits, modulo 2^16: a lane v = q0 + 256·q1 need not be taken apart to give
 *
 * <pre>
 *   v · a0 + (v >>> 8) · (a1 − 256·a0) = q0·a0 + q1·a1
 * </pre>
 *
 * What {@link TileTokens} adds to it makes (q0 − 128)·a0 + (q1 − 128)·a1 + 32768 of it, which 16 bits hold without a sign. Sums over words
 * take 32: those of the odd rows, and, modulo 2^32, those of the even ones with 65536 times the odd ones.
 *
 * <p>C2 moves all that does not depend on a sum to the front of a block, as far as the next branch, whether there are registers for it or
 * not. So a word is one pass of a loop, and the step of that loop is a parameter: were it a constant, C2 would unroll it. With several tokens
 * ({@link Q4Dots}, {@link Q8Floats}) their inputs would still be too many for the registers, so the index of those inputs advances by a parameter, too: a check of an
 * index that C2 cannot foresee is such a branch. Counts of shifts are parameters because C2 moves a constant one to a vector register
 * for every shift. Sums of several tokens stay in memory, since there are no registers for them. For one token and all rows of a tile AVX2 has
 * just enough for the whole numbers of a group; they go through an array to the second loop, which scales them.
 *
 * <p>With one token, a pass also reads a byte of each cache line of the next word. One thread of an Intel Xeon read 7 to 12 GB/s of Q4 from memory without
 * that, differently in each JVM, and 14 to 16 with it. What was read is stored at the end, or C2 would leave the reading out.
 *
 * <p>A vector that a loop carries is an argument here, never the receiver: {@code product.add(sum)}. The class of such a receiver follows
 * from itself, so C2 guesses it and checks; in a large method it may be unwilling to, and then every vector becomes an object.
 */
final class Q8Dots {
    private static final VectorSpecies<Float> FLOAT = Species.FLOAT;
    private static final VectorSpecies<Integer> INT = Species.INT;
    private static final VectorSpecies<Short> SHORT = Species.SHORT_PAIRS;
    private static final VectorSpecies<Byte> BYTE = Species.BYTE_PAIRS;
    private static final int LANES = VectorSupport.LANES;

    private static final long BYTES = INT.vectorByteSize();
    private static final int TILE = Quantization.TILE;

    /** From a word of a row to the next. */
    private static final long WORD_BYTES = TILE * (long) Short.BYTES;

    /**
     * Where a lane may have a count of its own, 512-bit shifts by the same count for all take the port of multiplications on a Zen 4. AVX2
     * has no such shifts of short lanes.
     */
    private static final ShortVector EIGHTS = ShortVector.broadcast(SHORT, 8);

    private Q8Dots() {}

    /**
     * The products of some groups of a whole tile with one token, where vectors have 512 bits: sums[row], in the order of {@link FewTiles}. Bytes
     * are read in their order, so the sums begin with what the codes add: with codes read behind the weights they precede, a group from memory took a tenth longer.
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
            IntVector zero = IntVector.broadcast(INT, x[xo + 16]);
            IntVector middle = IntVector.broadcast(INT, x[xo + 18]);
            IntVector evenCode0 = ((ShortVector) ByteVector.fromMemorySegment(BYTE, w, code, LITTLE_ENDIAN)
                            .convertShape(B2S, SHORT, 0))
                    .reinterpretAsInts();
            IntVector oddCode0 = evenCode0.lanewise(ASHR, 16);
            IntVector odd0 = oddCode0.lanewise(ASHR, 4).mul(zero).add(middle);
            IntVector all0 = evenCode0
                    .lanewise(LSHL, 24)
                    .lanewise(ASHR, 28)
                    .mul(zero)
                    .add(middle)
                    .add(odd0.lanewise(LSHL, 16));
            IntVector evenCode1 = ((ShortVector) ByteVector.fromMemorySegment(BYTE, w, code + BYTES / 2, LITTLE_ENDIAN)
                            .convertShape(B2S, SHORT, 0))
                    .reinterpretAsInts();
            IntVector oddCode1 = evenCode1.lanewise(ASHR, 16);
            IntVector odd1 = oddCode1.lanewise(ASHR, 4).mul(zero).add(middle);
            IntVector all1 = evenCode1
                    .lanewise(LSHL, 24)
                    .lanewise(ASHR, 28)
                    .mul(zero)
                    .add(middle)
                    .add(odd1.lanewise(LSHL, 16));
            for (int i = 0; i < words; i += step) {
                ShortVector x0 = IntVector.broadcast(INT, x[xo]).reinterpretAsShorts();
                ShortVector x1 = IntVector.broadcast(INT, x[xo + 1]).reinterpretAsShorts();
                ShortVector x2 = IntVector.broadcast(INT, x[xo + 17]).reinterpretAsShorts();
                ShortVector w0 = ShortVector.fromMemorySegment(SHORT, w, word, LITTLE_ENDIAN);
                ShortVector high0 = w0.lanewise(LSHR, EIGHTS);
                IntVector p0 = w0.mul(x0).add(high0.mul(x1)).add(x2).reinterpretAsInts();
                all0 = p0.add(all0);
                odd0 = p0.lanewise(LSHR, 16).add(odd0);
                ShortVector w1 = ShortVector.fromMemorySegment(SHORT, w, word + BYTES, LITTLE_ENDIAN);
                ShortVector high1 = w1.lanewise(LSHR, EIGHTS);
                IntVector p1 = w1.mul(x0).add(high1.mul(x1)).add(x2).reinterpretAsInts();
                all1 = p1.add(all1);
                odd1 = p1.lanewise(LSHR, 16).add(odd1);
                long next = Math.min(word + WORD_BYTES, last);
                ahead |= w.get(JAVA_BYTE, next) | w.get(JAVA_BYTE, next + CACHE_LINE);
                word += WORD_BYTES;
                xo += 2;
            }
            FloatVector scale = FloatVector.broadcast(FLOAT, scales[co]);
            xo += 16;
            IntVector table = FloatVector.fromArray(FLOAT, levels, 0).mul(scale).reinterpretAsInts();
            IntVector scale0 = evenCode0.selectFrom(table);
            IntVector scale1 = oddCode0.selectFrom(table);
            IntVector even0 = all0.sub(odd0.lanewise(LSHL, 16));
            sum0 = ((FloatVector) even0.convertShape(I2F, FLOAT, 0)).fma(scale0.reinterpretAsFloats(), sum0);
            sum1 = ((FloatVector) odd0.convertShape(I2F, FLOAT, 0)).fma(scale1.reinterpretAsFloats(), sum1);
            IntVector scale2 = evenCode1.selectFrom(table);
            IntVector scale3 = oddCode1.selectFrom(table);
            IntVector even1 = all1.sub(odd1.lanewise(LSHL, 16));
            sum2 = ((FloatVector) even1.convertShape(I2F, FLOAT, 0)).fma(scale2.reinterpretAsFloats(), sum2);
            sum3 = ((FloatVector) odd1.convertShape(I2F, FLOAT, 0)).fma(scale3.reinterpretAsFloats(), sum3);
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
     * {@link #dots4x1} for two tiles at once, word by word, for processors that read two straight streams faster than one. Three lines are read ahead of each, before
     * anything else in a pass: behind the words, or with two lines, an Intel Xeon read 16 GB/s or 11, from one compilation to the next.
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
            IntVector zero = IntVector.broadcast(INT, x[xo + 16]);
            IntVector middle = IntVector.broadcast(INT, x[xo + 18]);
            IntVector evenCode0 = ((ShortVector) ByteVector.fromMemorySegment(BYTE, w, code, LITTLE_ENDIAN)
                            .convertShape(B2S, SHORT, 0))
                    .reinterpretAsInts();
            IntVector oddCode0 = evenCode0.lanewise(ASHR, 16);
            IntVector odd0 = oddCode0.lanewise(ASHR, 4).mul(zero).add(middle);
            IntVector all0 = evenCode0
                    .lanewise(LSHL, 24)
                    .lanewise(ASHR, 28)
                    .mul(zero)
                    .add(middle)
                    .add(odd0.lanewise(LSHL, 16));
            IntVector evenCode1 = ((ShortVector) ByteVector.fromMemorySegment(BYTE, w, code + BYTES / 2, LITTLE_ENDIAN)
                            .convertShape(B2S, SHORT, 0))
                    .reinterpretAsInts();
            IntVector oddCode1 = evenCode1.lanewise(ASHR, 16);
            IntVector odd1 = oddCode1.lanewise(ASHR, 4).mul(zero).add(middle);
            IntVector all1 = evenCode1
                    .lanewise(LSHL, 24)
                    .lanewise(ASHR, 28)
                    .mul(zero)
                    .add(middle)
                    .add(odd1.lanewise(LSHL, 16));
            IntVector evenCode2 = ((ShortVector) ByteVector.fromMemorySegment(BYTE, w, other, LITTLE_ENDIAN)
                            .convertShape(B2S, SHORT, 0))
                    .reinterpretAsInts();
            IntVector oddCode2 = evenCode2.lanewise(ASHR, 16);
            IntVector odd2 = oddCode2.lanewise(ASHR, 4).mul(zero).add(middle);
            IntVector all2 = evenCode2
                    .lanewise(LSHL, 24)
                    .lanewise(ASHR, 28)
                    .mul(zero)
                    .add(middle)
                    .add(odd2.lanewise(LSHL, 16));
            IntVector evenCode3 = ((ShortVector) ByteVector.fromMemorySegment(BYTE, w, other + BYTES / 2, LITTLE_ENDIAN)
                            .convertShape(B2S, SHORT, 0))
                    .reinterpretAsInts();
            IntVector oddCode3 = evenCode3.lanewise(ASHR, 16);
            IntVector odd3 = oddCode3.lanewise(ASHR, 4).mul(zero).add(middle);
            IntVector all3 = evenCode3
                    .lanewise(LSHL, 24)
                    .lanewise(ASHR, 28)
                    .mul(zero)
                    .add(middle)
                    .add(odd3.lanewise(LSHL, 16));
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
                ShortVector x1 = IntVector.broadcast(INT, x[xo + 1]).reinterpretAsShorts();
                ShortVector x2 = IntVector.broadcast(INT, x[xo + 17]).reinterpretAsShorts();
                ShortVector w0 = ShortVector.fromMemorySegment(SHORT, w, word, LITTLE_ENDIAN);
                ShortVector high0 = w0.lanewise(LSHR, EIGHTS);
                IntVector p0 = w0.mul(x0).add(high0.mul(x1)).add(x2).reinterpretAsInts();
                all0 = p0.add(all0);
                odd0 = p0.lanewise(LSHR, 16).add(odd0);
                ShortVector w1 = ShortVector.fromMemorySegment(SHORT, w, word + BYTES, LITTLE_ENDIAN);
                ShortVector high1 = w1.lanewise(LSHR, EIGHTS);
                IntVector p1 = w1.mul(x0).add(high1.mul(x1)).add(x2).reinterpretAsInts();
                all1 = p1.add(all1);
                odd1 = p1.lanewise(LSHR, 16).add(odd1);
                ShortVector w2 = ShortVector.fromMemorySegment(SHORT, w, word + apart, LITTLE_ENDIAN);
                ShortVector high2 = w2.lanewise(LSHR, EIGHTS);
                IntVector p2 = w2.mul(x0).add(high2.mul(x1)).add(x2).reinterpretAsInts();
                all2 = p2.add(all2);
                odd2 = p2.lanewise(LSHR, 16).add(odd2);
                ShortVector w3 = ShortVector.fromMemorySegment(SHORT, w, word + apart + BYTES, LITTLE_ENDIAN);
                ShortVector high3 = w3.lanewise(LSHR, EIGHTS);
                IntVector p3 = w3.mul(x0).add(high3.mul(x1)).add(x2).reinterpretAsInts();
                all3 = p3.add(all3);
                odd3 = p3.lanewise(LSHR, 16).add(odd3);
                word += WORD_BYTES;
                xo += 2;
            }
            FloatVector scale = FloatVector.broadcast(FLOAT, scales[co]);
            xo += 16;
            IntVector table = FloatVector.fromArray(FLOAT, levels, 0).mul(scale).reinterpretAsInts();
            IntVector scale0 = evenCode0.selectFrom(table);
            IntVector scale1 = oddCode0.selectFrom(table);
            IntVector even0 = all0.sub(odd0.lanewise(LSHL, 16));
            sum0 = ((FloatVector) even0.convertShape(I2F, FLOAT, 0)).fma(scale0.reinterpretAsFloats(), sum0);
            sum1 = ((FloatVector) odd0.convertShape(I2F, FLOAT, 0)).fma(scale1.reinterpretAsFloats(), sum1);
            IntVector scale2 = evenCode1.selectFrom(table);
            IntVector scale3 = oddCode1.selectFrom(table);
            IntVector even1 = all1.sub(odd1.lanewise(LSHL, 16));
            sum2 = ((FloatVector) even1.convertShape(I2F, FLOAT, 0)).fma(scale2.reinterpretAsFloats(), sum2);
            sum3 = ((FloatVector) odd1.convertShape(I2F, FLOAT, 0)).fma(scale3.reinterpretAsFloats(), sum3);
            IntVector scale4 = evenCode2.selectFrom(table);
            IntVector scale5 = oddCode2.selectFrom(table);
            IntVector even2 = all2.sub(odd2.lanewise(LSHL, 16));
            sum4 = ((FloatVector) even2.convertShape(I2F, FLOAT, 0)).fma(scale4.reinterpretAsFloats(), sum4);
            sum5 = ((FloatVector) odd2.convertShape(I2F, FLOAT, 0)).fma(scale5.reinterpretAsFloats(), sum5);
            IntVector scale6 = evenCode3.selectFrom(table);
            IntVector scale7 = oddCode3.selectFrom(table);
            IntVector even3 = all3.sub(odd3.lanewise(LSHL, 16));
            sum6 = ((FloatVector) even3.convertShape(I2F, FLOAT, 0)).fma(scale6.reinterpretAsFloats(), sum6);
            sum7 = ((FloatVector) odd3.convertShape(I2F, FLOAT, 0)).fma(scale7.reinterpretAsFloats(), sum7);
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
     * FewTiles}. With 256 bits that is a whole tile, so bytes are read in their order. Half of a tile, every other cache line, came from
     * memory at less than half of the speed.
     *
     * <p>Codes go through the array, too: when the second loop read them itself, C2 made another version of it, for segments of
     * other classes, with a call in every pass.
     *
     * @param at where the groups begin
     * @param row the first, of the tile
     * @param words of a row in a group
     * @param step 1
     * @param eight 8
     * @param x factors of {@link TileTokens}
     * @param scales of {@link TileTokens}
     * @param levels of the matrix
     * @param whole 12 · LANES ints; of each two vectors of rows the sums of all and of odd rows, then the codes
     * @param sums added to
     */
    static void dots8x1(
            MemorySegment w,
            long at,
            int row,
            int groups,
            int words,
            int step,
            int eight,
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
                    .intoArray(whole, 2 * LANES);
            ((ShortVector) ByteVector.fromMemorySegment(BYTE, w, code + BYTES / 2, LITTLE_ENDIAN)
                            .convertShape(B2S, SHORT, 0))
                    .reinterpretAsInts()
                    .intoArray(whole, 5 * LANES);
            ((ShortVector) ByteVector.fromMemorySegment(BYTE, w, code + BYTES, LITTLE_ENDIAN)
                            .convertShape(B2S, SHORT, 0))
                    .reinterpretAsInts()
                    .intoArray(whole, 8 * LANES);
            ((ShortVector) ByteVector.fromMemorySegment(BYTE, w, code + 3 * BYTES / 2, LITTLE_ENDIAN)
                            .convertShape(B2S, SHORT, 0))
                    .reinterpretAsInts()
                    .intoArray(whole, 11 * LANES);
            IntVector all0 = IntVector.zero(INT);
            IntVector odd0 = IntVector.zero(INT);
            IntVector all1 = IntVector.zero(INT);
            IntVector odd1 = IntVector.zero(INT);
            IntVector all2 = IntVector.zero(INT);
            IntVector odd2 = IntVector.zero(INT);
            IntVector all3 = IntVector.zero(INT);
            IntVector odd3 = IntVector.zero(INT);
            for (int i = 0; i < words; i += step) {
                ShortVector x0 = IntVector.broadcast(INT, x[xo]).reinterpretAsShorts();
                ShortVector x1 = IntVector.broadcast(INT, x[xo + 1]).reinterpretAsShorts();
                ShortVector x2 = IntVector.broadcast(INT, x[xo + 17]).reinterpretAsShorts();
                ShortVector w0 = ShortVector.fromMemorySegment(SHORT, w, word, LITTLE_ENDIAN);
                ShortVector high0 = w0.lanewise(LSHR, eight);
                IntVector p0 = w0.mul(x0).add(high0.mul(x1)).add(x2).reinterpretAsInts();
                all0 = p0.add(all0);
                odd0 = p0.lanewise(LSHR, 16).add(odd0);
                ShortVector w1 = ShortVector.fromMemorySegment(SHORT, w, word + BYTES, LITTLE_ENDIAN);
                ShortVector high1 = w1.lanewise(LSHR, eight);
                IntVector p1 = w1.mul(x0).add(high1.mul(x1)).add(x2).reinterpretAsInts();
                all1 = p1.add(all1);
                odd1 = p1.lanewise(LSHR, 16).add(odd1);
                ShortVector w2 = ShortVector.fromMemorySegment(SHORT, w, word + 2 * BYTES, LITTLE_ENDIAN);
                ShortVector high2 = w2.lanewise(LSHR, eight);
                IntVector p2 = w2.mul(x0).add(high2.mul(x1)).add(x2).reinterpretAsInts();
                all2 = p2.add(all2);
                odd2 = p2.lanewise(LSHR, 16).add(odd2);
                ShortVector w3 = ShortVector.fromMemorySegment(SHORT, w, word + 3 * BYTES, LITTLE_ENDIAN);
                ShortVector high3 = w3.lanewise(LSHR, eight);
                IntVector p3 = w3.mul(x0).add(high3.mul(x1)).add(x2).reinterpretAsInts();
                all3 = p3.add(all3);
                odd3 = p3.lanewise(LSHR, 16).add(odd3);
                long next = Math.min(word + WORD_BYTES, last);
                ahead |= w.get(JAVA_BYTE, next) | w.get(JAVA_BYTE, next + CACHE_LINE);
                word += WORD_BYTES;
                xo += 2;
            }
            all0.intoArray(whole, 0);
            odd0.intoArray(whole, LANES);
            all1.intoArray(whole, 3 * LANES);
            odd1.intoArray(whole, 4 * LANES);
            all2.intoArray(whole, 6 * LANES);
            odd2.intoArray(whole, 7 * LANES);
            all3.intoArray(whole, 9 * LANES);
            odd3.intoArray(whole, 10 * LANES);
            FloatVector scale = FloatVector.broadcast(FLOAT, scales[co]);
            IntVector zero = IntVector.broadcast(INT, x[xo]);
            IntVector middle = IntVector.broadcast(INT, x[xo + 2]);
            xo += 16;
            IntVector t0 = FloatVector.fromArray(FLOAT, levels, 0).mul(scale).reinterpretAsInts();
            IntVector t1 =
                    FloatVector.fromArray(FLOAT, levels, LANES).mul(scale).reinterpretAsInts();
            IntVector t2 = FloatVector.fromArray(FLOAT, levels, 2 * LANES % 16)
                    .mul(scale)
                    .reinterpretAsInts();
            IntVector t3 = FloatVector.fromArray(FLOAT, levels, 3 * LANES % 16)
                    .mul(scale)
                    .reinterpretAsInts();
            int from = 0;
            for (int r = 0; r < 8 * LANES; r += 2 * LANES * step) {
                IntVector all = IntVector.fromArray(INT, whole, from);
                IntVector odd = IntVector.fromArray(INT, whole, from + LANES);
                IntVector evenCode = IntVector.fromArray(INT, whole, from + 2 * LANES);
                from += 3 * LANES;
                IntVector oddCode = evenCode.lanewise(ASHR, 16);
                IntVector evenScale = LANES == 8
                        ? evenCode.selectFrom(t0)
                                .blend(
                                        evenCode.selectFrom(t1),
                                        evenCode.lanewise(LSHL, 28).compare(LT, 0))
                        : evenCode.selectFrom(t0, t1)
                                .blend(
                                        evenCode.selectFrom(t2, t3),
                                        evenCode.lanewise(LSHL, 28).compare(LT, 0));
                IntVector oddScale = LANES == 8
                        ? oddCode.selectFrom(t0)
                                .blend(
                                        oddCode.selectFrom(t1),
                                        oddCode.lanewise(LSHL, 28).compare(LT, 0))
                        : oddCode.selectFrom(t0, t1)
                                .blend(
                                        oddCode.selectFrom(t2, t3),
                                        oddCode.lanewise(LSHL, 28).compare(LT, 0));
                IntVector even = all.sub(odd.lanewise(LSHL, 16))
                        .add(middle)
                        .add(evenCode.lanewise(LSHL, 24).lanewise(ASHR, 28).mul(zero));
                ((FloatVector) even.convertShape(I2F, FLOAT, 0))
                        .fma(evenScale.reinterpretAsFloats(), FloatVector.fromArray(FLOAT, sums, so + r))
                        .intoArray(sums, so + r);
                odd = oddCode.lanewise(ASHR, 4).mul(zero).add(middle).add(odd);
                ((FloatVector) odd.convertShape(I2F, FLOAT, 0))
                        .fma(oddScale.reinterpretAsFloats(), FloatVector.fromArray(FLOAT, sums, so + r + LANES))
                        .intoArray(sums, so + r + LANES);
            }
            co++;
            code += groupBytes;
            word += TILE;
        }
        whole[0] = ahead;
    }
}
