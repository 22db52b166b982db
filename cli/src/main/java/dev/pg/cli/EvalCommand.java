package dev.pg.cli;

import dev.pg.model.TextGenerator;
import dev.pg.model.eval.Agreement;
import dev.pg.model.eval.EvalSet;
import dev.pg.model.eval.Evaluation;
import dev.pg.model.eval.TaskScores.Mean;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import tools.jackson.databind.node.ObjectNode;

/** How good a model is, and how near to another. */
@Command(
        name = "eval",
        description =
                "Asks a model the questions of a folder, scores its answers, and compares it with a reference token by token.",
        mixinStandardHelpOptions = true,
        footerHeading = "%nExamples:%n",
        footer = {
            "  pg eval --model demo-q8 --reference demo --data demo-model/eval --mask-decoder demo-model/vae-demo.npz",
            "  pg eval --model paligemma2-3b-mix-224 --dtype q4 --reference paligemma2-3b-mix-224 --data my-questions",
            "%nThe folder holds truth.json and images/: an array of {image, tasks: [{type, prompt, answer}]}.",
            "The divergence is KL(reference || model) of the next token, along the reference's own answers.",
        })
final class EvalCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private ModelArguments model;

    @Option(
            names = "--reference",
            paramLabel = "DIR",
            description = "A model to compare with, of the same vocabulary; used as its files say.")
    private Path reference;

    @Option(names = "--data", paramLabel = "DIR", required = true, description = "Folder of questions.")
    private Path data;

    @Option(
            names = "--mask-decoder",
            paramLabel = "FILE",
            description = "Decoder of masks, .npz or .safetensors (default: vae-oid.* in the model's directory).")
    private Path maskDecoder;

    @Option(names = "--limit", paramLabel = "N", description = "Only the first N pictures.")
    private Integer limit;

    @Option(
            names = "--max-tokens",
            paramLabel = "N",
            defaultValue = "64",
            description = "Longest answer (default: ${DEFAULT-VALUE}).")
    private int maxTokens;

    @Mixin
    private Console console;

    @Override
    public Integer call() {
        require(limit == null || limit >= 1, "--limit must be 1 or more, not " + limit);
        require(maxTokens >= 1, "--max-tokens must be 1 or more, not " + maxTokens);
        List<EvalSet.Item> items = EvalSet.read(data).items();
        items = limit == null ? items : items.subList(0, Math.min(limit, items.size()));
        Optional<Path> masks = Optional.ofNullable(maskDecoder);
        try (TextGenerator judged = model.openGenerator(console, masks)) {
            if (reference == null) {
                run(new Evaluation(judged, Optional.empty(), maxTokens), items);
            } else {
                try (TextGenerator other = model.openReference(reference, masks)) {
                    run(new Evaluation(judged, Optional.of(other), maxTokens), items);
                }
            }
        }
        return ExitCode.OK;
    }

    private void require(boolean condition, String otherwise) {
        if (!condition) {
            throw new ParameterException(spec.commandLine(), otherwise);
        }
    }

    private void run(Evaluation evaluation, List<EvalSet.Item> items) {
        try (Progress progress = console.progress(items.size())) {
            for (EvalSet.Item item : items) {
                evaluation.add(item);
                progress.step();
            }
        }
        if (console.json()) {
            console.result(json(evaluation));
        } else {
            print(evaluation);
        }
    }

    private ObjectNode json(Evaluation evaluation) {
        ObjectNode object = CompletionJson.object().put("data", data.toString());
        put(object.putObject("scores"), evaluation.modelScores());
        if (reference != null) {
            put(object.putObject("reference_scores"), evaluation.referenceScores());
            Agreement agreement = evaluation.agreement();
            object.put("tokens", agreement.tokens())
                    .put("same_tokens", agreement.sameTokens())
                    .put("mean_divergence", agreement.meanDivergence())
                    .put("texts", agreement.texts())
                    .put("same_texts", agreement.sameTexts());
        }
        return object;
    }

    private static void put(ObjectNode object, Map<String, Mean> scores) {
        scores.forEach((name, mean) ->
                object.putObject(name).put("value", mean.value()).put("count", mean.count()));
    }

    private void print(Evaluation evaluation) {
        Map<String, Mean> others = evaluation.referenceScores();
        int width = evaluation.modelScores().keySet().stream()
                .mapToInt(String::length)
                .max()
                .orElse(1);
        evaluation.modelScores().forEach((name, mean) -> {
            String line = String.format(Locale.ROOT, "%-" + width + "s  %.4f", name, mean.value());
            Mean other = others.get(name);
            String beside = other == null
                    ? ""
                    : String.format(
                            Locale.ROOT, "  reference %.4f  %+.4f", other.value(), mean.value() - other.value());
            console.result(line + beside + "  of " + mean.count());
        });
        if (reference != null) {
            Agreement agreement = evaluation.agreement();
            console.result(String.format(
                    Locale.ROOT,
                    "KL divergence %.3g nats a token; the same choice for %.2f %% of %d tokens, the same text in %d of %d answers",
                    agreement.meanDivergence(),
                    100.0 * agreement.sameTokens() / Math.max(1, agreement.tokens()),
                    agreement.tokens(),
                    agreement.sameTexts(),
                    agreement.texts()));
        }
    }
}
