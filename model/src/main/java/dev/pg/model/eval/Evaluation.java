package dev.pg.model.eval;

import dev.pg.core.PgException;
import dev.pg.model.Completion;
import dev.pg.model.PaliGemma;
import dev.pg.model.Request;
import dev.pg.model.TextGenerator;
import dev.pg.model.generate.GenerationOptions;
import dev.pg.model.generate.TokenListener;
import dev.pg.model.image.Image;
import dev.pg.model.image.ImageReader;
import dev.pg.model.task.LocationTokens;
import dev.pg.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Runs a model, and perhaps a reference beside it, over an {@link EvalSet}. Not thread-safe. */
public final class Evaluation {
    /** Questions whose logits are alive at once. */
    private static final int BATCH = 8;

    private final TextGenerator model;
    private final Optional<TextGenerator> reference;
    private final GenerationOptions options;
    private final TaskScores modelScores;
    private final Optional<TaskScores> referenceScores;
    private Agreement agreement = Agreement.NONE;

    /**
     * @param model whose answers are scored
     * @param reference what it is compared with, of the same vocabulary; stays open, as the model does
     * @param maxTokens of an answer
     * @throws PgException if the vocabularies differ
     */
    public Evaluation(TextGenerator model, Optional<TextGenerator> reference, int maxTokens) {
        this.model = model;
        this.reference = reference;
        this.options = GenerationOptions.DEFAULT.withMaxTokens(maxTokens);
        this.modelScores = scores(model);
        this.referenceScores = reference.map(Evaluation::scores);
        reference.ifPresent(other -> {
            if (other.vocabulary() != model.vocabulary()) {
                throw new PgException(model.directory() + " has a vocabulary of " + model.vocabulary() + " tokens, "
                        + other.directory() + " one of " + other.vocabulary() + "; they cannot be compared");
            }
        });
    }

    private static TaskScores scores(TextGenerator model) {
        Tokenizer tokenizer = model.tokenizer();
        LocationTokens locations = tokenizer.id("<loc0000>").isPresent()
                ? LocationTokens.of(tokenizer)
                : new LocationTokens(-1, -1, tokenizer::decode);
        return new TaskScores(locations, () -> {
            if (model instanceof PaliGemma paliGemma) {
                return paliGemma.maskDecoder();
            }
            throw new PgException(model.directory() + ": a text model draws no masks");
        });
    }

    /** Asks everything about one picture. */
    public void add(EvalSet.Item item) {
        List<Image> images = item.image().map(ImageReader::read).stream().toList();
        for (int from = 0; from < item.tasks().size(); from += BATCH) {
            List<EvalSet.Task> tasks = item.tasks()
                    .subList(from, Math.min(from + BATCH, item.tasks().size()));
            List<Request> requests = tasks.stream()
                    .map(task -> Request.of(task.prompt(), images.toArray(Image[]::new)))
                    .toList();
            List<Completion> answers = answer(model, modelScores, tasks, requests);
            reference.ifPresent(other -> {
                List<Completion> expected = answer(other, referenceScores.orElseThrow(), tasks, requests);
                compare(other, requests, expected, answers);
            });
        }
    }

    private List<Completion> answer(
            TextGenerator who, TaskScores scores, List<EvalSet.Task> tasks, List<Request> requests) {
        List<Completion> answers = who.generate(requests, options, TokenListener.NONE);
        for (int i = 0; i < tasks.size(); i++) {
            EvalSet.Task task = tasks.get(i);
            Completion answer = answers.get(i);
            task.answer()
                    .ifPresent(truth -> scores.add(
                            task,
                            who.tokenizer().encode(truth),
                            answer.ids(),
                            answer.text().strip().equals(truth.strip())));
        }
        return answers;
    }

    private void compare(
            TextGenerator other, List<Request> requests, List<Completion> expected, List<Completion> answers) {
        List<int[]> texts = expected.stream().map(Evaluation::withEnd).toList();
        List<List<float[]>> logits = new ArrayList<>();
        texts.forEach(text -> logits.add(new ArrayList<>()));
        other.follow(requests, texts, (row, step, theirs) -> logits.get(row).add(theirs));
        model.follow(requests, texts, (row, step, own) -> {
            float[] theirs = logits.get(row).set(step, null);
            agreement = agreement.plus(Agreement.ofToken(texts.get(row)[step], theirs, own));
        });
        for (int i = 0; i < texts.size(); i++) {
            boolean same = Arrays.equals(expected.get(i).ids(), answers.get(i).ids());
            agreement = agreement.plus(new Agreement(0, 0, 0, 1, same ? 1 : 0));
        }
    }

    private static int[] withEnd(Completion completion) {
        int[] ids = completion.ids();
        int stopId = completion.best().stopId();
        if (stopId < 0) {
            return ids;
        }
        int[] all = Arrays.copyOf(ids, ids.length + 1);
        all[ids.length] = stopId;
        return all;
    }

    /** The model's scores so far. */
    public Map<String, TaskScores.Mean> modelScores() {
        return modelScores.means();
    }

    /** The reference's scores so far; none without a reference. */
    public Map<String, TaskScores.Mean> referenceScores() {
        return referenceScores.map(TaskScores::means).orElse(Map.of());
    }

    /** How near the model is to the reference so far. */
    public Agreement agreement() {
        return agreement;
    }
}
