package dev.pg.bench;

import java.util.OptionalDouble;

/**
 * One measurement.
 *
 * @param name what ran: load, first-caption, caption, warm-up, vision, prefill, decode, preprocess, tokenizer
 * @param threads that worked
 * @param dtype number format of the decoder's weights
 * @param tokens of one sequence: image tokens, prompt tokens, or the context that a decoding step sees
 * @param batch sequences or pictures side by side
 * @param seconds median of one run; of one step in decoding
 * @param rate work per second, in {@code unit}
 * @param unit GFLOP/s where arithmetic is the limit, GB/s where memory is; else what it says
 * @param limit of {@code rate} on this machine, seen beside the runs; empty where none is known
 * @param fraction {@code rate / limit}
 * @param spread from the fastest to the slowest run, as a fraction of the median
 * @param perSecond what people count: tokens in prefill, decode and tokenizer, pictures elsewhere
 */
public record Result(
        String name,
        int threads,
        String dtype,
        int tokens,
        int batch,
        double seconds,
        double rate,
        String unit,
        OptionalDouble limit,
        OptionalDouble fraction,
        double spread,
        double perSecond) {}
