package dev.pg.bench;

import java.util.SortedMap;

/**
 * What a machine can do at most, by number of threads.
 *
 * @param fmaGflops fused multiply-adds of float vectors, 10⁹ floating-point operations per second
 * @param mappedGbps reading a mapped file that is in the page cache, 10⁹ bytes per second
 * @param hugeGbps reading anonymous memory in pages of 2 MB, 10⁹ bytes per second
 */
public record Machine(
        SortedMap<Integer, Double> fmaGflops,
        SortedMap<Integer, Double> mappedGbps,
        SortedMap<Integer, Double> hugeGbps) {}
