package dev.pg.model;

import dev.pg.core.PgException;
import dev.pg.model.task.Box;
import dev.pg.model.task.Detection;
import dev.pg.model.task.LocationTokens;
import dev.pg.model.task.MaskDecoder;
import dev.pg.model.task.ObjectMask;
import dev.pg.model.task.Region;
import dev.pg.model.task.Segmentation;
import dev.pg.tokenizer.Tokenizer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Boxes and masks out of generated ids. Opens the mask decoder when the first mask is asked for. Thread-safe. */
final class Regions {
    /** Names under which a mask decoder is looked for beside the weights; the first is the published file's. */
    private static final List<String> MASK_DECODERS = List.of("vae-oid.npz", "vae-oid.safetensors");

    private final Engine engine;
    private MaskDecoder maskDecoder;

    Regions(Engine engine) {
        this.engine = engine;
    }

    /** Boxes on a picture of {@code width × height} pixels. */
    List<Detection> detections(Tokenizer tokenizer, int[] ids, int width, int height) {
        return regions(tokenizer, ids).stream()
                .map(region -> new Detection(region.box(width, height), region.label()))
                .toList();
    }

    /** Boxes and masks on a picture of {@code width × height} pixels. */
    List<Segmentation> segmentations(Tokenizer tokenizer, int[] ids, int width, int height) {
        return regions(tokenizer, ids).stream()
                .map(region -> segmentation(region, width, height))
                .toList();
    }

    private Segmentation segmentation(Region region, int width, int height) {
        Box box = region.box(width, height);
        ObjectMask mask = region.maskCodes().isEmpty()
                ? ObjectMask.empty()
                : ObjectMask.of(maskDecoder().decode(region.maskCodes()), box, width, height);
        return new Segmentation(box, region.label(), mask);
    }

    private List<Region> regions(Tokenizer tokenizer, int[] ids) {
        int location = tokenizer
                .id("<loc0000>")
                .orElseThrow(() -> new PgException(
                        engine.directory() + ": the vocabulary has no <loc0000>; this model cannot find things"));
        int code = tokenizer.id("<seg000>").orElse(-1);
        return new LocationTokens(location, code, tokenizer::decode).parse(ids).regions();
    }

    /** The decoder of masks, opened when it is first asked for. */
    synchronized MaskDecoder maskDecoder() {
        if (maskDecoder == null) {
            Path file = engine.options()
                    .maskDecoder()
                    .or(() -> besideTheWeights().findFirst())
                    .orElseThrow(() -> new PgException(
                            engine.directory() + ": no mask decoder here; put " + MASK_DECODERS.getFirst()
                                    + " of big_vision's PaliGemma into the folder or name the file"));
            maskDecoder = MaskDecoder.open(file);
        }
        return maskDecoder;
    }

    private Stream<Path> besideTheWeights() {
        return MASK_DECODERS.stream().map(engine.directory()::resolve).filter(Files::exists);
    }
}
