package dev.pg.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.Random;
import org.junit.jupiter.api.Test;

class MergeQueueTest {
    private record Entry(int priority, int left) {}

    @Test
    void ordersLikeThePlatformsQueue() {
        Random random = new Random(41);
        MergeQueue queue = new MergeQueue();
        PriorityQueue<Entry> twin =
                new PriorityQueue<>(Comparator.comparingInt(Entry::priority).thenComparingInt(Entry::left));
        for (int i = 0; i < 20_000; i++) {
            if (random.nextInt(5) < 3) {
                int priority = random.nextBoolean() ? random.nextInt() : random.nextInt(-3, 3);
                int left = random.nextBoolean() ? random.nextInt(Integer.MAX_VALUE) : random.nextInt(4);
                queue.add(priority, left);
                twin.add(new Entry(priority, left));
            } else if (!twin.isEmpty()) {
                long top = queue.poll();
                assertThat(new Entry((int) (top >> 32), (int) top)).isEqualTo(twin.poll());
            }
            assertThat(queue.isEmpty()).isEqualTo(twin.isEmpty());
        }
    }
}
