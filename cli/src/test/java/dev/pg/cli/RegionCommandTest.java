package dev.pg.cli;

import static dev.pg.cli.Run.pg;
import static dev.pg.cli.Run.sample;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.pg.model.image.Image;
import dev.pg.model.image.ImageReader;
import dev.pg.model.task.Box;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Boxes and masks of the demo model, against the truth about its pictures. */
class RegionCommandTest {
    private static final Path RING_AND_STAR = sample("03-orange-ring-pink-star.png");
    private static final Box RING = new Box(94, 82, 218, 206); // truth.json's fractions of 320 x 298 pixels
    private static final Box STAR = new Box(91, 226, 155, 289);

    @TempDir
    Path folder;

    private static Box box(JsonNode detection) {
        JsonNode box = detection.path("box");
        return new Box(
                box.path("ymin").floatValue(),
                box.path("xmin").floatValue(),
                box.path("ymax").floatValue(),
                box.path("xmax").floatValue());
    }

    @Test
    void findsEachThing() {
        JsonNode line =
                pg("detect", "pink star ; orange ring", RING_AND_STAR, "--json").object();
        assertThat(line.path("width").intValue()).isEqualTo(320);
        assertThat(line.path("height").intValue()).isEqualTo(298);
        JsonNode detections = line.path("detections");
        assertThat(detections.valueStream().map(d -> d.path("label").stringValue()))
                .containsExactly("pink star", "orange ring");
        assertThat(box(detections.get(0)).iou(STAR)).isGreaterThan(0.8);
        assertThat(box(detections.get(1)).iou(RING)).isGreaterThan(0.8);
        assertThat(detections.get(0).has("mask")).isFalse();
    }

    @Test
    void printsALineForEachThing() {
        Run run = pg("detect", "pink star;orange ring", RING_AND_STAR);
        assertThat(run.lines()).hasSize(2);
        assertThat(run.lines().get(0)).matches("pink star(\t\\d+){4}");
        assertThat(run.lines().get(1)).matches("orange ring(\t\\d+){4}");
    }

    @Test
    void drawsBoxesOnACopy() {
        Path out = folder.resolve("boxes.png");
        assertThat(pg("detect", "orange ring", RING_AND_STAR, "--draw", out).exitCode())
                .isZero();

        Image before = ImageReader.read(RING_AND_STAR);
        Image after = ImageReader.read(out);
        assertThat(after.width()).isEqualTo(before.width());
        assertThat(after.height()).isEqualTo(before.height());
        int middle = Math.round((RING.yMin() + RING.yMax()) / 2);
        assertThat(changed(before, after, middle, 60, 110))
                .as("the box's left edge")
                .isTrue();
        assertThat(changed(before, after, middle, 110, 190))
                .as("inside the box")
                .isFalse();
        assertThat(changed(before, after, 280, 0, 320)).as("far below the box").isFalse();
    }

    private static boolean changed(Image before, Image after, int y, int from, int to) {
        for (int x = from; x < to; x++) {
            if (before.pixel(x, y) != after.pixel(x, y)) {
                return true;
            }
        }
        return false;
    }

    @Test
    void outlinesAThingAsRunLengthsAndAsAFile() {
        JsonNode line = pg("segment", "orange ring", RING_AND_STAR, "--json", "--mask-dir", folder.resolve("masks"))
                .object();
        JsonNode found = line.path("detections").get(0);
        Image file = ImageReader.read(Path.of(found.path("mask_file").stringValue()));

        boolean[] mask = decode(found.path("mask"));
        int area = 0;
        for (int x = 0; x < 320; x++) {
            for (int y = 0; y < 298; y++) {
                boolean inside = mask[x * 298 + y];
                assertThat(file.pixel(x, y)).isEqualTo(inside ? 0xffffff : 0);
                area += inside ? 1 : 0;
            }
        }
        int truth = ringPixels();
        assertThat((double) area).isCloseTo(truth, within(0.25 * truth));
        assertThat(mask[144 * 298 + 156]).as("the ring's hole").isFalse();
    }

    /** Pixels of the ring as the picture was drawn. */
    private static int ringPixels() {
        JsonNode tasks = Run.json(Run.SAMPLES.resolve("truth.json")).get(2).path("tasks");
        JsonNode runs = tasks.valueStream()
                .filter(task -> task.path("type").stringValue().equals("segment"))
                .findFirst()
                .orElseThrow()
                .path("mask");
        int pixels = 0;
        for (int i = 1; i < runs.size(); i += 2) {
            pixels += runs.get(i).intValue();
        }
        return pixels;
    }

    /** Run lengths to pixels, column by column. */
    private static boolean[] decode(JsonNode mask) {
        boolean[] pixels =
                new boolean[mask.at("/size/0").intValue() * mask.at("/size/1").intValue()];
        int at = 0;
        boolean inside = false;
        for (JsonNode run : mask.path("counts")) {
            for (int i = 0; i < run.intValue(); i++) {
                pixels[at++] = inside;
            }
            inside = !inside;
        }
        assertThat(at).isEqualTo(pixels.length);
        return pixels;
    }

    @Test
    void drawsManyPicturesIntoAFolderUnderNamesOfTheirOwn() throws IOException {
        Path out = folder.resolve("drawn");
        Run run = pg("segment", "orange ring", RING_AND_STAR, RING_AND_STAR, "--draw", out, "--mask-dir", out);
        assertThat(run.exitCode()).isZero();
        try (Stream<Path> files = Files.list(out)) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .containsExactlyInAnyOrder(
                            "03-orange-ring-pink-star-found.png",
                            "03-orange-ring-pink-star-found-2.png",
                            "03-orange-ring-pink-star-mask.png",
                            "03-orange-ring-pink-star-mask-2.png");
        }
        assertThat(run.lines()).hasSize(2);
        assertThat(run.lines().get(1)).matches(".*\torange ring(\t\\d+){5}\t.*-mask-2.png");
    }

    @Test
    void oneFileForSeveralDrawingsIsMisuse() {
        Run run = pg("detect", "star", RING_AND_STAR, sample("09-cyan-star.png"), "--draw", folder.resolve("one.png"));
        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err()).contains("give a folder");
        assertThat(List.of(folder.toFile().list())).isEmpty();
    }
}
