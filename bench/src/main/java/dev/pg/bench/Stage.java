package dev.pg.bench;

import java.util.OptionalDouble;
import java.util.function.Function;

/**
 * A stage of a model.
 *
 * @param name vision, prefill or decode
 * @param tokens of one sequence
 * @param batch sequences or pictures side by side
 * @param count tokens or pictures of one run
 * @param work counts what a run does
 */
record Stage(String name, int tokens, int batch, double count, Function<StageWork, Work> work) {
    /**
     * Holds times against the limit. The time of a slice is scaled to that of the whole by their least times; rate and fraction are those of
     * the slice.
     *
     * @param threads of the team that ran
     * @param limit of that team
     */
    Result result(StageModel model, int threads, Sample sample, Limit limit) {
        Work done = work.apply(model.ran());
        double least = limit.seconds(done);
        double fraction = least / sample.median();
        boolean arithmetic = limit.isArithmetic(done);
        double most = arithmetic ? limit.gflops() : limit.gbps();
        double seconds = sample.median() * limit.seconds(work.apply(model.whole())) / least;
        return new Result(
                name,
                threads,
                model.dtype(),
                tokens,
                batch,
                seconds,
                fraction * most,
                arithmetic ? "GFLOP/s" : "GB/s",
                OptionalDouble.of(most),
                OptionalDouble.of(fraction),
                sample.spread(),
                count / seconds);
    }
}
