package dev.pg.model.generate;

/**
 * One generated sequence. The arrays are not copied: treat them as read-only.
 *
 * @param ids the generated token ids, without the prompt and without the stop token
 * @param finishReason why the sequence ended
 * @param stopId the stop token behind {@code ids} if {@code finishReason} is {@link FinishReason#STOP}, otherwise -1
 * @param score the log-probability of the sequence, stop token included, as {@link BeamStyle} defines it; {@link Double#NaN}
 *     without beam search unless log-probabilities were asked for
 * @param logProbs the log-probability of each generated token, the stop token (if any) last, under the plain softmax of the
 *     logits: temperature, top-k and top-p do not change it; empty unless asked for
 */
@SuppressWarnings("ArrayRecordComponent") // two results are compared by their ids, not as records
public record Generated(int[] ids, FinishReason finishReason, int stopId, double score, float[] logProbs) {}
