package dev.pg.model.eval;

import dev.pg.model.task.Box;
import dev.pg.model.task.LocationTokens;
import dev.pg.model.task.MaskDecoder;
import dev.pg.model.task.ObjectMask;
import dev.pg.model.task.Region;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * How good answers are. Where the right one names places, the boxes are compared in their order by intersection over union, 0 if the label is
 * another; where there is a mask, its pixels too; elsewhere an answer is right or wrong. Boxes and masks are laid out as big_vision's
 * evaluators do. Not thread-safe.
 */
public final class TaskScores {
    /** Sides that boxes without a picture are compared on. */
    private static final int SIDE = 1023;

    private final LocationTokens locations;
    private final Supplier<MaskDecoder> masks;
    private final Map<String, Mean> means = new TreeMap<>();

    /** Mean of some scores of one name. */
    public record Mean(double sum, int count) {
        public double value() {
            return sum / count;
        }
    }

    /**
     * @param locations of the model's tokenizer
     * @param masks the decoder, if a mask is to be compared
     */
    public TaskScores(LocationTokens locations, Supplier<MaskDecoder> masks) {
        this.locations = locations;
        this.masks = masks;
    }

    /**
     * Scores one answer.
     *
     * @param truth ids of the right one
     * @param ids what the model wrote
     * @param equal whether the texts are the same
     */
    public void add(EvalSet.Task task, int[] truth, int[] ids, boolean equal) {
        List<Region> right = locations.parse(truth).regions();
        if (right.isEmpty()) {
            put(task.type() + " exact", equal ? 1 : 0);
            return;
        }
        List<Region> found = locations.parse(ids).regions();
        double sum = 0;
        int hits = 0;
        for (int i = 0; i < right.size(); i++) {
            boolean named =
                    i < found.size() && found.get(i).label().equals(right.get(i).label());
            double iou = named ? box(found.get(i)).iou(box(right.get(i))) : 0;
            sum += iou;
            hits += iou > 0.5 ? 1 : 0;
        }
        put(task.type() + " box IoU", sum / right.size());
        put(task.type() + " box IoU>0.5", (double) hits / right.size());
        task.mask()
                .ifPresent(mask -> put(task.type() + " mask IoU", found.isEmpty() ? 0 : iou(found.getFirst(), mask)));
    }

    private static Box box(Region region) {
        return region.box(SIDE, SIDE, Region.BIG_VISION_PARTS);
    }

    private double iou(Region region, EvalSet.Mask truth) {
        if (region.maskCodes().isEmpty()) {
            return 0;
        }
        Box box = region.box(truth.width(), truth.height(), Region.BIG_VISION_PARTS);
        ObjectMask mask = ObjectMask.of(masks.get().decode(region.maskCodes()), box, truth.width(), truth.height());
        int both = 0;
        int either = 0;
        for (int y = 0; y < truth.height(); y++) {
            for (int x = 0; x < truth.width(); x++) {
                boolean wanted = truth.inside()[y * truth.width() + x];
                boolean found = mask.contains(x, y);
                both += wanted && found ? 1 : 0;
                either += wanted || found ? 1 : 0;
            }
        }
        return either == 0 ? 0 : (double) both / either;
    }

    private void put(String name, double value) {
        means.merge(name, new Mean(value, 1), (a, b) -> new Mean(a.sum + b.sum, a.count + b.count));
    }

    /** The mean of each score, by its name: {@code color exact}, {@code segment mask IoU}. */
    public Map<String, Mean> means() {
        return Collections.unmodifiableMap(means);
    }
}
