package dev.pg.bench;

import java.util.OptionalDouble;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Holds the times of one team of threads against its limit.
 *
 * @param threads of the team
 * @param dtype of the weights
 * @param limit of the machine with that team
 * @param ran what ran
 * @param whole what would have run with all layers; the same unless this is a slice
 * @param out gets each result
 */
record StageResults(int threads, String dtype, Limit limit, StageWork ran, StageWork whole, Consumer<Result> out) {
    /**
     * Adds a stage. The time of a slice is scaled to that of the whole by their least times; rate and fraction are those of the slice.
     *
     * @param count tokens or pictures of one run
     * @param work counts a run of this stage
     */
    void add(String name, int tokens, int batch, Sample sample, double count, Function<StageWork, Work> work) {
        Work done = work.apply(ran);
        double least = limit.seconds(done);
        double fraction = least / sample.median();
        boolean arithmetic = limit.isArithmetic(done);
        double most = arithmetic ? limit.gflops() : limit.gbps();
        double seconds = sample.median() * limit.seconds(work.apply(whole)) / least;
        out.accept(new Result(
                name,
                threads,
                dtype,
                tokens,
                batch,
                seconds,
                fraction * most,
                arithmetic ? "GFLOP/s" : "GB/s",
                OptionalDouble.of(most),
                OptionalDouble.of(fraction),
                sample.spread(),
                count / seconds));
    }
}
