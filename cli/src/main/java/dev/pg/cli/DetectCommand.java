package dev.pg.cli;

import dev.pg.model.PaliGemma;
import dev.pg.model.image.Image;
import dev.pg.model.task.Prompts;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;

/** Boxes around things. */
@Command(
        name = "detect",
        description = {
            "Finds things in pictures.",
            "Prints a line for each: label, left, top, right and bottom edge in pixels, with tabs between them."
        },
        mixinStandardHelpOptions = true)
final class DetectCommand extends RegionCommand {
    @Override
    String prompt() {
        return Prompts.detect(things());
    }

    @Override
    List<Finding> find(PaliGemma paliGemma, int[] ids, Image image) {
        return paliGemma.detections(ids, image.width(), image.height()).stream()
                .map(found -> new Finding(found.label(), found.box(), Optional.empty()))
                .toList();
    }
}
