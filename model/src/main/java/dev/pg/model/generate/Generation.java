package dev.pg.model.generate;

import dev.pg.kernels.Matrix;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** One run of greedy decoding or sampling over a batch of prompts. */
final class Generation {
    private final Sequences sequences;
    private final GenerationOptions options;
    private final TokenListener listener;
    private final StopIds stopIds;
    private final Sampler sampler; // null when greedy
    private final Generated[] results; // [prompts]
    private final List<Row> live; // row i of sequences continues live.get(i)
    private int[] tokens; // [live], what each row is continued with

    Generation(Sequences prompts, GenerationOptions options, TokenListener listener) {
        this.sequences = prompts;
        this.options = options;
        this.listener = listener;
        stopIds = new StopIds(options.stopIds(), prompts.vocabulary());
        sampler = options.temperature() == 0 ? null : new Sampler(options, prompts.vocabulary());
        results = new Generated[prompts.size()];
        live = new ArrayList<>(results.length);
        for (int i = 0; i < results.length; i++) {
            live.add(new Row(i, options));
        }
        tokens = new int[results.length];
    }

    List<Generated> run() {
        if (options.maxTokens() == 0) {
            for (Row row : live) {
                results[row.index] = row.end(FinishReason.LENGTH);
            }
            live.clear();
        }
        while (!live.isEmpty()) {
            choose();
            dropEnded();
            if (!live.isEmpty()) {
                sequences.step(tokens);
            }
        }
        return List.of(results);
    }

    /** Appends a token to each row, and ends those that have reached their end. */
    private void choose() {
        Matrix logits = sequences.logits();
        float[] x = logits.data();
        for (int i = 0; i < live.size(); i++) {
            Row row = live.get(i);
            int at = logits.at(i);
            int best = Logits.argmax(x, at, logits.cols());
            float largest = x[at + best];
            int id = sampler == null ? best : sampler.draw(x, at, largest, row.random);
            row.add(id, options.logProbs() ? x[at + id] - Logits.logSumExp(x, at, logits.cols(), largest) : 0);
            tokens[i] = id;
            if (stopIds.contains(id)) {
                results[row.index] = row.end(FinishReason.STOP);
            } else if (!listener.token(row.index, id)) {
                results[row.index] = row.end(FinishReason.CANCELLED);
            } else if (row.count() == options.maxTokens()) {
                results[row.index] = row.end(FinishReason.LENGTH);
            }
        }
    }

    /** Takes rows with a result out of the batch, so that they cost nothing. */
    private void dropEnded() {
        int before = live.size();
        int alive = 0;
        for (int i = 0; i < before; i++) {
            alive += isAlive(live.get(i)) ? 1 : 0;
        }
        if (alive == before) {
            return;
        }
        int[] parents = new int[alive];
        int next = 0;
        for (int i = 0; i < before; i++) {
            if (isAlive(live.get(i))) {
                tokens[next] = tokens[i];
                parents[next++] = i;
            }
        }
        live.removeIf(row -> !isAlive(row));
        tokens = Arrays.copyOf(tokens, alive);
        if (alive > 0) {
            sequences.reorder(parents);
        }
    }

    private boolean isAlive(Row row) {
        return results[row.index] == null;
    }
}
