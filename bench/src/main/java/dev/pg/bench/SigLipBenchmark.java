package dev.pg.bench;

import dev.pg.core.Safetensors;
import dev.pg.kernels.Matrix;
import dev.pg.model.Embedder.Pooling;
import dev.pg.model.ModelOptions;
import dev.pg.model.SigLip;
import dev.pg.model.image.Image;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import tools.jackson.databind.json.JsonMapper;

/**
 * Picture embeddings by a NaFlex tower, from decoded pixels to vectors: one picture of 27 x 27 patches (SigLIP's 384 pixels in patches
 * of 14), or 32 small ones, packed into shared passes or one by one. Weights are random, in bfloat16.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 3)
@Measurement(iterations = 5, time = 3)
@Fork(
        value = 1,
        jvmArgsAppend = {"--add-modules=jdk.incubator.vector", "-Dpg.vector=always"})
@State(Scope.Thread)
public class SigLipBenchmark {
    private static final int PICTURES = 32;

    /** A published tower: base or so400m. */
    @Param("base")
    public String tower;

    /** Of a picture; a square number. */
    @Param("16")
    public int patches;

    @Param({"1", "2"})
    public int threads;

    private TemporaryDirectory directory;
    private SigLip model;
    private List<Image> pictures;

    @Setup
    public void open() throws IOException {
        ModelShape.Vision v = sizes();
        directory = new TemporaryDirectory();
        Map<String, Object> config = Map.of(
                "model_type", "siglip2_vision_model",
                "hidden_size", v.hidden(),
                "intermediate_size", v.intermediate(),
                "num_hidden_layers", v.layers(),
                "num_attention_heads", v.heads(),
                "patch_size", v.patchSize(),
                "num_patches", v.patches());
        Files.write(directory.path().resolve("config.json"), JsonMapper.shared().writeValueAsBytes(config));
        Safetensors.write(
                directory.path().resolve("model.safetensors"), SyntheticWeights.ofNaFlexTower(v, 1), Map.of());
        ModelOptions options = ModelOptions.DEFAULT.withThreads(threads).withMaxPatches(patches);
        model = SigLip.open(directory.path(), options);
        int side = ((int) Math.sqrt(patches)) * v.patchSize() * 4 / 3; // more than the model sees: it is resized
        pictures = new ArrayList<>();
        for (int i = 0; i < PICTURES; i++) {
            byte[] rgb = new byte[3 * side * side];
            new Random(i).nextBytes(rgb);
            pictures.add(Image.of(side, side, rgb));
        }
    }

    private ModelShape.Vision sizes() {
        return tower.equals("base")
                ? new ModelShape.Vision(256, 16, 12, 768, 3072, 12)
                : new ModelShape.Vision(378, 14, 27, 1152, 4304, 16);
    }

    /** One picture; the rate is that of a thread. */
    @Benchmark
    public List<Matrix> one() {
        return embed(pictures.subList(0, 1));
    }

    /** All in passes that they share. */
    @Benchmark
    public List<Matrix> packed() {
        return embed(pictures);
    }

    /** All, each in a pass of its own. */
    @Benchmark
    public List<Matrix> oneByOne() {
        List<Matrix> vectors = new ArrayList<>();
        for (Image picture : pictures) {
            vectors.addAll(embed(List.of(picture)));
        }
        return vectors;
    }

    private List<Matrix> embed(List<Image> some) {
        long start = System.nanoTime();
        List<Matrix> vectors = model.embedImages(some, Pooling.HEAD);
        Roofline.count(some.size() * sizes().operations(patches), 0, start);
        return vectors;
    }

    @TearDown
    public void close() {
        model.close();
        directory.close();
    }
}
