package dev.pg.cli;

import dev.pg.core.DType;
import dev.pg.kernels.Matrix;
import dev.pg.kernels.PageVectors;
import dev.pg.model.ColPali;
import dev.pg.model.TokenPooling;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Finds the pages that answer a question. */
@Command(
        name = "search",
        description = {
            "Finds the pages that fit a query, best first, by what they look like; needs a ColPali checkpoint.",
            "Prints the score, a tab and the page, or with --json {\"query\": ..., \"hits\": [{\"page\": ..., \"score\": ...}]}."
        },
        mixinStandardHelpOptions = true)
final class SearchCommand implements Callable<Integer> {
    @Spec
    private CommandSpec command;

    @Mixin
    private ModelArguments model;

    @Option(names = "--query", paramLabel = "TEXT", required = true, description = "A query; may be repeated.")
    private List<String> queries;

    @Option(
            names = "--top",
            paramLabel = "N",
            defaultValue = "10",
            description = "Pages to print for each query (default: ${DEFAULT-VALUE}).")
    private int top;

    @Option(
            names = "--pool-tokens",
            paramLabel = "N",
            defaultValue = "1",
            description =
                    "Compare with N times fewer vectors of each page: similar ones become their mean (default: all).")
    private int pooling;

    @Parameters(arity = "1..*", paramLabel = "PAGE", description = Picture.HELP)
    private List<String> pages;

    @Mixin
    private Console console;

    private record Hit(String page, float score) {}

    @Override
    public Integer call() {
        if (top < 1 || pooling < 1) {
            throw new ParameterException(command.commandLine(), "--top and --pool-tokens must be 1 or more");
        }
        List<List<Hit>> hits = new ArrayList<>();
        queries.forEach(query -> hits.add(new ArrayList<>()));
        int failures = 0;
        List<Picture> pictures = Picture.all(pages);
        try (ColPali colPali = model.openColPali(console);
                Progress progress = console.progress(pictures.size())) {
            List<Matrix> asked = queries.stream().map(colPali::embedQuery).toList();
            for (Picture page : pictures) {
                try {
                    score(colPali, page, asked, hits);
                } catch (RuntimeException | OutOfMemoryError failure) {
                    failures++;
                    console.failure(page.name(), failure);
                }
                progress.step();
            }
        }
        for (int q = 0; q < queries.size(); q++) {
            print(queries.get(q), hits.get(q));
        }
        return failures == 0 ? ExitCode.OK : ExitCode.SOFTWARE;
    }

    /** A page is scored at once and forgotten, so that the number of pages is not limited by memory. */
    private void score(ColPali colPali, Picture page, List<Matrix> asked, List<List<Hit>> hits) {
        Matrix vectors = TokenPooling.pool(colPali.embedPage(page.read()), pooling);
        List<PageVectors> stored = List.of(PageVectors.of(vectors, DType.F32));
        for (int q = 0; q < asked.size(); q++) {
            hits.get(q).add(new Hit(page.name(), colPali.maxSim(asked.get(q), stored)[0]));
        }
    }

    private void print(String query, List<Hit> hits) {
        hits.sort(Comparator.comparingDouble(hit -> -hit.score));
        List<Hit> best = hits.subList(0, Math.min(top, hits.size()));
        if (console.json()) {
            ObjectNode object = CompletionJson.object().put("query", query);
            ArrayNode array = object.putArray("hits");
            best.forEach(hit -> array.addObject().put("page", hit.page).put("score", hit.score));
            console.result(object);
            return;
        }
        if (queries.size() > 1) {
            console.result(query);
        }
        best.forEach(hit -> console.result(String.format(Locale.ROOT, "%.4f\t%s", hit.score, hit.page)));
    }
}
