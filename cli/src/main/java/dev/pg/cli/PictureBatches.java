package dev.pg.cli;

import dev.pg.model.image.Image;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Function;

/**
 * Runs any number of pictures through a model, some at a time: they are read side by side and forgotten when they are done. One that
 * fails is reported, and the others go on.
 */
final class PictureBatches {
    private static final int MOST = 32;

    /** Pixels that are kept at once, three bytes each; one picture may have more. */
    private static final long PIXELS = 1 << 25;

    private final Console console;
    private int failures;

    PictureBatches(Console console) {
        this.console = console;
    }

    private record Read(Picture picture, Image image, Throwable failure) {
        static Read of(Picture picture) {
            try {
                return new Read(picture, picture.read(), null);
            } catch (RuntimeException | OutOfMemoryError e) {
                return new Read(picture, null, e);
            }
        }
    }

    /**
     * Runs all of {@code pictures}.
     *
     * @param work what to do with some of them; a result for each
     * @param result takes each result, in order
     * @return how many failed
     */
    <R> int run(List<Picture> pictures, Function<List<Image>, List<R>> work, BiConsumer<Picture, R> result) {
        int atOnce = Runtime.getRuntime().availableProcessors();
        try (Progress progress = console.progress(pictures.size())) {
            List<Read> batch = new ArrayList<>();
            long pixels = 0;
            for (int from = 0; from < pictures.size(); from += atOnce) {
                List<Picture> next = pictures.subList(from, Math.min(from + atOnce, pictures.size()));
                for (Read read : next.parallelStream().map(Read::of).toList()) {
                    batch.add(read);
                    pixels += read.image == null ? 0 : (long) read.image.width() * read.image.height();
                }
                if (batch.size() >= MOST || pixels >= PIXELS) {
                    runBatch(batch, work, result, progress);
                    batch.clear();
                    pixels = 0;
                }
            }
            runBatch(batch, work, result, progress);
        }
        return failures;
    }

    private <R> void runBatch(
            List<Read> batch, Function<List<Image>, List<R>> work, BiConsumer<Picture, R> result, Progress progress) {
        List<Image> images = batch.stream()
                .filter(read -> read.failure == null)
                .map(Read::image)
                .toList();
        List<R> results = new ArrayList<>();
        if (!images.isEmpty()) {
            try {
                results.addAll(work.apply(images));
            } catch (RuntimeException | OutOfMemoryError oneOfThem) {
                if (batch.size() > 1) {
                    // One picture spoils its batch: alone, each succeeds or fails for itself.
                    batch.forEach(read -> runBatch(List.of(read), work, result, progress));
                    return;
                }
                fail(batch.getFirst().picture, oneOfThem);
                progress.step();
                return;
            }
        }
        int next = 0;
        for (Read read : batch) {
            if (read.failure == null) {
                result.accept(read.picture, results.get(next++));
            } else {
                fail(read.picture, read.failure);
            }
            progress.step();
        }
    }

    private void fail(Picture picture, Throwable failure) {
        failures++;
        console.failure(picture.name(), failure);
        if (console.json()) {
            console.result(CompletionJson.object().put("image", picture.name()).put("error", Failure.message(failure)));
        }
    }
}
