package dev.pg.model.task;

import dev.pg.core.PgException;
import dev.pg.core.Safetensors;
import dev.pg.core.Tensor;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * The decoder of PaliGemma's mask VQ-VAE: sixteen codes become a mask of 64 × 64 logits (big_vision, {@code
 * evaluators/proj/paligemma/transfers/segmentation.py}, {@code Decoder}).
 *
 * <pre>
 * codes[16] → codebook rows [4 × 4 × width] → 1×1 + relu → residual → residual
 *           → 4 × (transposed 4×4, stride 2, + relu) [64 × 64 × c] → 1×1 → [64 × 64]
 * </pre>
 *
 * The numbers of channels are those of the file. Immutable, hence thread-safe.
 */
public final class MaskDecoder {
    /** Rows and columns of a decoded mask. */
    public static final int SIDE = 64;

    /** Codes of a mask, a grid of 4 × 4 in row-major order. */
    public static final int CODES = 16;

    private static final int GRID = 4;

    private final float[] codebook; // [entries × width]
    private final int entries;
    private final int width;
    private final Conv first;
    private final List<Residual> residuals;
    private final List<Conv> upsampling;
    private final Conv last;

    private record Residual(Conv a, Conv b, Conv c) {
        float[] apply(float[] x) {
            float[] y = c.apply(Conv.relu(b.apply(Conv.relu(a.apply(x, GRID)), GRID)), GRID);
            for (int i = 0; i < y.length; i++) {
                y[i] += x[i];
            }
            return y;
        }
    }

    private MaskDecoder(Layers layers) {
        Tensor table = layers.tensor("_vq_vae._embedding", 2);
        entries = (int) table.dim(0);
        width = (int) table.dim(1);
        codebook = table.toFloats();
        first = layers.conv("decoder.0", 1, width);
        residuals = List.of(residual(layers, "decoder.2"), residual(layers, "decoder.3"));
        Conv a = layers.transposed("decoder.4", first.outputs());
        Conv b = layers.transposed("decoder.6", a.outputs());
        Conv c = layers.transposed("decoder.8", b.outputs());
        Conv d = layers.transposed("decoder.10", c.outputs());
        upsampling = List.of(a, b, c, d);
        last = layers.conv("decoder.12", 1, d.outputs());
        if (last.outputs() != 1) {
            throw layers.wrong("\"decoder.12.weight\" has " + last.outputs() + " outputs, a mask has one");
        }
    }

    private Residual residual(Layers layers, String name) {
        int channels = first.outputs();
        Residual block = new Residual(
                layers.conv(name + ".net.0", 3, channels),
                layers.conv(name + ".net.2", 3, channels),
                layers.conv(name + ".net.4", 1, channels));
        if (block.a.outputs() != channels || block.b.outputs() != channels || block.c.outputs() != channels) {
            throw layers.wrong("\"" + name + "\" must keep its " + channels + " channels");
        }
        return block;
    }

    /**
     * Reads the weights from an npz file with the key names of {@code vae-oid.npz}, or a safetensors file with the same. An encoder
     * in the file is passed over.
     *
     * @throws PgException if the file cannot be read, lacks a key or has one of a wrong shape
     */
    public static MaskDecoder open(Path file) {
        if (isZip(file)) {
            return new MaskDecoder(new Layers(file, Npz.read(file)));
        }
        try (Arena arena = Arena.ofConfined()) {
            return new MaskDecoder(
                    new Layers(file, Safetensors.open(file, arena).tensors()));
        }
    }

    private static boolean isZip(Path file) {
        try (InputStream in = Files.newInputStream(file)) {
            return in.read() == 'P' && in.read() == 'K';
        } catch (IOException e) {
            throw PgException.cannotRead(file, e);
        }
    }

    /**
     * Decodes one mask.
     *
     * @param codes sixteen entries of the codebook
     * @return {@code [64 × 64]} logits, about -1 outside and 1 inside
     * @throws IllegalArgumentException if there are not sixteen codes, or one is not in the codebook
     */
    public float[] decode(List<Integer> codes) {
        if (codes.size() != CODES) {
            throw new IllegalArgumentException("a mask has " + CODES + " codes, not " + codes.size());
        }
        float[] x = new float[CODES * width]; // [4 × 4 × width]
        for (int i = 0; i < CODES; i++) {
            int code = codes.get(i);
            if (code < 0 || code >= entries) {
                throw new IllegalArgumentException("code " + code + " is not in the codebook of " + entries);
            }
            System.arraycopy(codebook, code * width, x, i * width, width);
        }
        x = Conv.relu(first.apply(x, GRID));
        for (Residual block : residuals) {
            x = block.apply(x);
        }
        int side = GRID;
        for (Conv conv : upsampling) {
            x = Conv.relu(conv.apply(x, side));
            side *= 2;
        }
        return last.apply(x, side);
    }

    /** The tensors of a file, with checks that name it. */
    private record Layers(Path file, Map<String, Tensor> tensors) {
        PgException wrong(String what) {
            return new PgException(file + ": " + what + "; expected the mask decoder of PaliGemma (vae-oid.npz)");
        }

        Tensor tensor(String name, int rank) {
            Tensor tensor = tensors.get(name);
            if (tensor == null) {
                throw wrong("there is no tensor \"" + name + "\"");
            }
            if (tensor.rank() != rank || tensor.elements() == 0) {
                throw wrong("tensor " + tensor + " must have " + rank + " dimensions, none of them 0");
            }
            return tensor;
        }

        /** A convolution with weights [out, in, size, size]. */
        Conv conv(String name, int size, int inputs) {
            Tensor weight = sized(name, size);
            check(weight, weight.dim(1), inputs);
            return Conv.plain((int) weight.dim(0), inputs, size, weight.toFloats(), bias(name, weight.dim(0)));
        }

        /** A transposed convolution with weights [in, out, 4, 4]. */
        Conv transposed(String name, int inputs) {
            Tensor weight = sized(name, 4);
            check(weight, weight.dim(0), inputs);
            return Conv.transposed((int) weight.dim(1), inputs, weight.toFloats(), bias(name, weight.dim(1)));
        }

        private Tensor sized(String name, int size) {
            Tensor weight = tensor(name + ".weight", 4);
            if (weight.dim(2) != size || weight.dim(3) != size) {
                throw wrong("tensor " + weight + " must be " + size + "x" + size + " at its end");
            }
            return weight;
        }

        private void check(Tensor weight, long channels, int inputs) {
            if (channels != inputs) {
                throw wrong(
                        "tensor " + weight + " takes " + channels + " channels, the layer before it gives " + inputs);
            }
        }

        private float[] bias(String name, long outputs) {
            Tensor bias = tensor(name + ".bias", 1);
            if (bias.dim(0) != outputs) {
                throw wrong("tensor " + bias + " must have " + outputs + " elements");
            }
            return bias.toFloats();
        }
    }
}
