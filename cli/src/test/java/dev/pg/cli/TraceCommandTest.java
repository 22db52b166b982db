package dev.pg.cli;

import static dev.pg.cli.Run.PALIGEMMA_2;
import static dev.pg.cli.Run.pg;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.pg.core.Safetensors;
import dev.pg.core.Tensor;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** That a trace holds the reference's names, shapes and inputs; its values are tested where they are computed. */
class TraceCommandTest {
    @TempDir
    Path folder;

    private Map<String, Tensor> trace(Object... arguments) {
        Path out = folder.resolve("trace.safetensors");
        Object[] all = new Object[arguments.length + 3];
        all[0] = "trace";
        System.arraycopy(arguments, 0, all, 1, arguments.length);
        all[all.length - 2] = "--out";
        all[all.length - 1] = out;
        Run run = pg(all);
        assertThat(run.exitCode()).as(run.err()).isZero();
        return read(out);
    }

    private static Map<String, Tensor> read(Path file) {
        return Safetensors.open(file, Arena.ofAuto()).tensors();
    }

    @Test
    void writesTheNamesAndShapesOfTheReference() {
        Map<String, Tensor> tensors = trace(
                "--model",
                PALIGEMMA_2,
                "--image",
                PALIGEMMA_2.resolve("image0.png"),
                "--prompt",
                "answer en how many people are in the picture?");
        Map<String, Tensor> inputs = read(PALIGEMMA_2.resolve("inputs.safetensors"));
        read(PALIGEMMA_2.resolve("expected.safetensors")).forEach((name, want) -> {
            if (name.startsWith("single.") && !name.equals("single.logits")) {
                Tensor got = tensors.get(name.substring("single.".length()));
                assertThat(got).as(name).isNotNull();
                assertThat(got.shape()).as(name).isEqualTo(want.shape());
            }
        });
        assertThat(tensors.get("input_ids").toLongs())
                .isEqualTo(inputs.get("single.input_ids").toLongs());
        assertThat(tensors.get("pixel_values").toFloats())
                .isEqualTo(inputs.get("single.pixel_values").toFloats());
    }

    @Test
    void takesPixelsAndIds() {
        Path siglip = Run.TESTDATA.resolve("golden/siglip-vision");
        Map<String, Tensor> tensors = trace("--model", siglip, "--pixels", siglip.resolve("inputs.safetensors"));
        Tensor want = read(siglip.resolve("expected.safetensors")).get("last_hidden_state");
        assertThat(tensors.get("last_hidden_state").toFloats()).hasSameSizeAs(want.toFloats());
        assertThat(tensors.get("last_hidden_state").toFloats()[5]).isCloseTo(want.toFloats()[5], within(1e-3f));

        Path gemma = Run.TESTDATA.resolve("golden/gemma1-text");
        assertThat(trace("--model", gemma, "--ids", "2,5,7").get("logits").shape())
                .isEqualTo(new long[] {1, 3, 960});
    }

    @Test
    void addsTheSuffix() {
        Map<String, Tensor> tensors = trace(
                "--model",
                PALIGEMMA_2,
                "--image",
                PALIGEMMA_2.resolve("image0.png"),
                "--prompt",
                "answer en how many people are in the picture?",
                "--suffix",
                "two <loc0012><loc0345><loc0678><loc0901> cat");
        float want = read(PALIGEMMA_2.resolve("expected.safetensors"))
                .get("suffix.loss")
                .toFloats()[0];
        assertThat(tensors.get("loss").toFloats()[0]).isCloseTo(want, within(1e-3f));
    }

    @Test
    void listsWhatItWrote() {
        Path out = folder.resolve("listed.safetensors");
        Run run = pg("trace", "--model", PALIGEMMA_2, "--ids", "2,5", "--out", out, "--json");
        assertThat(run.object().path("out").stringValue()).isEqualTo(out.toString());
        List<String> names = run.object()
                .path("tensors")
                .valueStream()
                .map(tensor -> tensor.path("name").stringValue())
                .toList();
        assertThat(names).isEqualTo(List.copyOf(read(out).keySet()));
    }

    @Test
    void aFileWithoutPixelsIsRefused() {
        Path siglip = Run.TESTDATA.resolve("golden/siglip-vision");
        Path out = folder.resolve("trace.safetensors");
        Run run = pg("trace", "--model", siglip, "--pixels", siglip.resolve("expected.safetensors"), "--out", out);
        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.err()).contains("expected.safetensors: has no tensor \"pixel_values\"");
        assertThat(out).doesNotExist();
    }
}
