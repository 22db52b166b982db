package dev.pg.cli;

import dev.pg.model.PaliGemma;
import dev.pg.model.image.Image;
import dev.pg.model.task.ObjectMask;
import dev.pg.model.task.Prompts;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Outlines of things. */
@Command(
        name = "segment",
        description = {
            "Finds things in pictures and outlines them.",
            "Prints a line for each: label, left, top, right and bottom edge in pixels, pixels of its mask, with tabs"
                    + " between them."
        },
        mixinStandardHelpOptions = true)
final class SegmentCommand extends RegionCommand {
    @Option(
            names = "--mask-dir",
            paramLabel = "DIR",
            description = "Write each mask as a PNG of the picture's size, white on black.")
    private Path maskDir;

    @Option(
            names = "--mask-decoder",
            paramLabel = "FILE",
            description =
                    "Decoder of the mask tokens, npz or safetensors (default: vae-oid.npz in the model's directory).")
    private Path maskDecoder;

    private Optional<OutputFiles> maskFiles = Optional.empty();

    @Override
    String prompt() {
        return Prompts.segment(things());
    }

    @Override
    void check(List<Picture> pictures) {
        super.check(pictures);
        maskFiles = Optional.ofNullable(maskDir).map(OutputFiles::new);
    }

    @Override
    Optional<Path> maskDecoder() {
        return Optional.ofNullable(maskDecoder);
    }

    @Override
    List<Finding> find(PaliGemma paliGemma, int[] ids, Image image) {
        return paliGemma.segmentations(ids, image.width(), image.height()).stream()
                .map(found -> new Finding(found.label(), found.box(), Optional.of(found.mask())))
                .toList();
    }

    @Override
    List<Path> writeMasks(Picture picture, Image image, List<Finding> findings) {
        List<Path> written = new ArrayList<>();
        if (maskFiles.isPresent()) {
            for (Finding finding : findings) {
                Path file = maskFiles.get().named(picture, "-mask");
                PngFile.write(file, whiteOnBlack(finding.mask().orElseThrow(), image));
                written.add(file);
            }
        }
        return written;
    }

    private static BufferedImage whiteOnBlack(ObjectMask mask, Image image) {
        BufferedImage out = new BufferedImage(image.width(), image.height(), BufferedImage.TYPE_BYTE_GRAY);
        for (int y = mask.top(); y < mask.top() + mask.height(); y++) {
            for (int x = mask.left(); x < mask.left() + mask.width(); x++) {
                out.getRaster().setSample(x, y, 0, mask.contains(x, y) ? 255 : 0);
            }
        }
        return out;
    }
}
