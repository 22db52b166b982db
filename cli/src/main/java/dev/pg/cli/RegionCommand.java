package dev.pg.cli;

import dev.pg.model.Completion;
import dev.pg.model.PaliGemma;
import dev.pg.model.Request;
import dev.pg.model.generate.GenerationOptions;
import dev.pg.model.generate.TokenListener;
import dev.pg.model.image.Image;
import dev.pg.model.task.Box;
import dev.pg.model.task.ObjectMask;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** A command whose answer is places in the picture. */
abstract class RegionCommand extends PictureCommand {
    @Parameters(
            index = "0",
            paramLabel = "THINGS",
            description = "What to look for: one thing, or several with ; between them.")
    private String things;

    @Parameters(index = "1..*", arity = "1..*", paramLabel = "IMAGE", description = Picture.HELP)
    private List<String> images;

    @Option(
            names = "--draw",
            paramLabel = "PATH",
            description = "Paint what was found on a copy of the picture: a .png file, or a folder for many pictures.")
    private Path draw;

    private final Palette palette = new Palette();
    private Optional<OutputFiles> drawings = Optional.empty();
    private boolean several;

    /**
     * A place in the picture.
     *
     * @param mask which pixels; empty if only a box was asked for
     */
    record Finding(String label, Box box, Optional<ObjectMask> mask) {}

    /** What the generated ids say. */
    abstract List<Finding> find(PaliGemma paliGemma, int[] ids, Image image);

    /** Writes the masks of a picture and returns their files, one for each finding; none if nobody asked for files. */
    List<Path> writeMasks(Picture picture, Image image, List<Finding> findings) {
        return List.of();
    }

    /** The things to look for, one by one. */
    final List<String> things() {
        return Arrays.asList(things.split(";"));
    }

    @Override
    final List<String> images() {
        return images;
    }

    @Override
    void check(List<Picture> pictures) {
        several = pictures.size() > 1;
        if (draw != null && !drawsOneFile()) {
            drawings = Optional.of(new OutputFiles(draw));
        } else if (draw != null && several) {
            throw new ParameterException(
                    command().commandLine(), "--draw " + draw + " is one file for several pictures; give a folder");
        }
    }

    private boolean drawsOneFile() {
        return draw.toString().toLowerCase(Locale.ROOT).endsWith(".png");
    }

    @Override
    final void ask(PaliGemma paliGemma, Picture picture, Image image, GenerationOptions options) {
        Completion completion = paliGemma.generate(Request.of(prompt(), image), options, TokenListener.NONE);
        List<Finding> findings = find(paliGemma, completion.ids(), image);
        if (draw != null) {
            draw(picture, image, findings);
        }
        List<Path> maskFiles = writeMasks(picture, image, findings);
        if (console().json()) {
            console().result(json(picture, image, completion, findings, maskFiles));
        } else {
            print(picture, completion, findings, maskFiles);
        }
    }

    private void draw(Picture picture, Image image, List<Finding> findings) {
        Drawing drawing = new Drawing(image, palette);
        for (Finding finding : findings) {
            finding.mask().ifPresent(mask -> drawing.mask(mask, finding.label()));
        }
        findings.forEach(finding -> drawing.box(finding.box(), finding.label()));
        PngFile.write(drawings.map(files -> files.named(picture, "-found")).orElse(draw), drawing.picture());
    }

    private ObjectNode json(
            Picture picture, Image image, Completion completion, List<Finding> findings, List<Path> maskFiles) {
        ObjectNode object =
                json(picture, completion).put("width", image.width()).put("height", image.height());
        ArrayNode detections = object.putArray("detections");
        for (int i = 0; i < findings.size(); i++) {
            Finding finding = findings.get(i);
            ObjectNode one = detections.addObject().put("label", finding.label());
            one.putObject("box")
                    .put("xmin", finding.box().xMin())
                    .put("ymin", finding.box().yMin())
                    .put("xmax", finding.box().xMax())
                    .put("ymax", finding.box().yMax());
            finding.mask().ifPresent(mask -> one.set("mask", RunLengths.of(mask, image.width(), image.height())));
            if (!maskFiles.isEmpty()) {
                one.put("mask_file", maskFiles.get(i).toString());
            }
        }
        return object;
    }

    /** A line for each finding: label, left, top, right and bottom edge, with tabs between them. */
    private void print(Picture picture, Completion completion, List<Finding> findings, List<Path> maskFiles) {
        for (int i = 0; i < findings.size(); i++) {
            Finding finding = findings.get(i);
            Box box = finding.box();
            console()
                    .result(String.format(
                            Locale.ROOT,
                            "%s%s\t%d\t%d\t%d\t%d%s%s",
                            several ? picture.name() + "\t" : "",
                            finding.label(),
                            Math.round(box.xMin()),
                            Math.round(box.yMin()),
                            Math.round(box.xMax()),
                            Math.round(box.yMax()),
                            finding.mask().map(mask -> "\t" + mask.area()).orElse(""),
                            maskFiles.isEmpty() ? "" : "\t" + maskFiles.get(i)));
        }
        if (findings.isEmpty()) {
            console()
                    .note(picture.name() + ": nothing found"
                            + (completion.text().isBlank() ? "" : "; the model wrote: " + completion.text()));
        }
        new Answers(console()).timings(completion);
    }
}
