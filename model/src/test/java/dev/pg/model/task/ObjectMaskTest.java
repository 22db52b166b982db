package dev.pg.model.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class ObjectMaskTest {
    /** Inside on the left half. */
    private static float[] leftHalf() {
        float[] logits = new float[64 * 64];
        for (int i = 0; i < logits.length; i++) {
            logits[i] = i % 64 < 32 ? 1 : -1;
        }
        return logits;
    }

    @Test
    void fillsItsHalfOfTheBox() {
        ObjectMask mask = ObjectMask.of(leftHalf(), new Box(10.9f, 20.2f, 30.5f, 60.9f), 100, 50);

        assertThat(mask.top()).isEqualTo(10);
        assertThat(mask.left()).isEqualTo(20);
        assertThat(mask.height()).isEqualTo(20);
        assertThat(mask.width()).isEqualTo(40);
        assertThat(mask.area()).isEqualTo(20 * 20);
        assertThat(mask.contains(20, 10)).isTrue();
        assertThat(mask.contains(39, 29)).isTrue();
        assertThat(mask.contains(40, 29)).isFalse();
        assertThat(mask.contains(19, 10)).isFalse();
        assertThat(mask.contains(20, 30)).isFalse();
    }

    @Test
    void isEmptyForAnEmptyBox() {
        assertThat(ObjectMask.of(leftHalf(), new Box(30, 20, 10, 60), 100, 50).area())
                .isZero();
        assertThat(ObjectMask.of(leftHalf(), new Box(5.2f, 20, 5.8f, 60), 100, 50)
                        .width())
                .isZero();
        assertThat(ObjectMask.empty().contains(0, 0)).isFalse();
        assertThat(ObjectMask.empty().alpha()).isEmpty();
    }

    @Test
    void staysInsideThePicture() {
        ObjectMask mask = ObjectMask.of(leftHalf(), new Box(-5, -5, 1e9f, 1e9f), 8, 6);

        assertThat(mask.width()).isEqualTo(8);
        assertThat(mask.height()).isEqualTo(6);
        assertThat(mask.area()).isEqualTo(6 * 4);
    }

    @Test
    void paintsWithSoftEdges() {
        float[] logits = leftHalf();
        Arrays.fill(logits, 0, 64, 0);
        ObjectMask mask = ObjectMask.of(logits, new Box(0, 0, 64, 64), 64, 64);

        byte[] alpha = mask.alpha();

        assertThat(alpha).hasSize(64 * 64);
        assertThat(alpha[0] & 0xff).isEqualTo(127);
        assertThat(alpha[64 + 31] & 0xff).isEqualTo(255);
        assertThat(alpha[64 + 32] & 0xff).isZero();
    }

    @Test
    void measuresBoxes() {
        Box box = new Box(0, 0, 10, 10);

        assertThat(box.iou(box)).isEqualTo(1);
        assertThat(box.iou(new Box(5, 0, 15, 10))).isCloseTo(1 / 3.0, within(1e-9));
        assertThat(box.iou(new Box(20, 20, 30, 30))).isZero();
        assertThat(box.iou(new Box(10, 10, 0, 0))).isZero();
        assertThat(new Box(1, 1, 1, 1).iou(new Box(1, 1, 1, 1))).isZero();
    }
}
