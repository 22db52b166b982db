package dev.pg.model.task;

import dev.pg.model.image.Resize;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;

/**
 * The scores of the demo model's card: a port of {@code demo-model/tools/metrics.py}, which says what each means. It works on text, in
 * double, with its own rounding, so that it shares nothing with the code under test but the mask decoder and the resize.
 */
public final class DemoMetrics {
    private static final Pattern LOCATED =
            Pattern.compile("<loc(\\d{4})><loc(\\d{4})><loc(\\d{4})><loc(\\d{4})>((?:<seg\\d{3}>)*) ?([^<;]*)");
    private static final Pattern CODE = Pattern.compile("<seg(\\d{3})>");

    private final MaskDecoder masks;
    private final Map<String, List<Double>> scores = new TreeMap<>();

    /** Mean and number of the scores of one name. */
    public record Mean(double value, int count) {}

    /** Parts of the picture, 0 to 1. */
    private record Edges(double top, double left, double bottom, double right) {
        double area() {
            return Math.max(0, bottom - top) * Math.max(0, right - left);
        }
    }

    private record Located(Edges box, List<Integer> codes, String label) {}

    public DemoMetrics(MaskDecoder masks) {
        this.masks = masks;
    }

    /** Scores {@code answer} to a task of {@code truth.json}. */
    public void add(JsonNode task, String answer) {
        String type = task.get("type").asString();
        String truth = task.get("answer").asString();
        switch (type) {
            case "detect", "detect2" -> detect(parse(truth), parse(answer));
            case "segment" -> segment(task, parse(truth).getFirst(), parse(answer));
            default -> exact(type, truth, answer.strip().equals(truth) ? 1 : 0);
        }
    }

    /** The mean of each score, by its name in {@code metrics.json}. */
    public Map<String, Mean> summary() {
        Map<String, Mean> out = new TreeMap<>();
        scores.forEach((name, values) -> out.put(name, new Mean(mean(values), values.size())));
        return out;
    }

    private void put(String name, double value) {
        scores.computeIfAbsent(name, k -> new ArrayList<>()).add(value);
    }

    private static double mean(List<Double> values) {
        return values.stream().mapToDouble(Double::doubleValue).sum() / values.size();
    }

    private void exact(String type, String truth, double right) {
        if (type.startsWith("caption")) {
            put(type + " exact", right);
        } else if (type.equals("ocr")) {
            boolean number = truth.matches("\\d+");
            put("ocr exact", right);
            put(number ? "ocr number exact" : "ocr word exact", right);
            if (number && truth.length() == 3) {
                put("ocr 3-digit exact", right);
            }
        } else {
            put("vqa " + type, right);
            put("vqa", right);
        }
    }

    private void detect(List<Located> want, List<Located> got) {
        List<Double> ious = new ArrayList<>();
        for (int i = 0; i < want.size(); i++) {
            boolean named = i < got.size() && got.get(i).label.equals(want.get(i).label);
            ious.add(named ? iou(got.get(i).box, want.get(i).box) : 0);
        }
        put("detect mean IoU", mean(ious));
        put("detect IoU>0.5", mean(ious.stream().map(v -> v > 0.5 ? 1.0 : 0).toList()));
    }

    private void segment(JsonNode task, Located want, List<Located> got) {
        if (got.isEmpty() || got.getFirst().codes.size() != 16) {
            put("segment mean IoU", 0);
            put("segment box IoU", 0);
            return;
        }
        int width = task.get("size").get(0).asInt();
        int height = task.get("size").get(1).asInt();
        boolean[] truth = runs(task.get("mask"), width * height);
        boolean[] found = paste(got.getFirst().box, masks.decode(got.getFirst().codes), width, height);
        int both = 0;
        int either = 0;
        for (int i = 0; i < truth.length; i++) {
            both += truth[i] && found[i] ? 1 : 0;
            either += truth[i] || found[i] ? 1 : 0;
        }
        put("segment mean IoU", (double) both / Math.max(1, either));
        put("segment box IoU", iou(got.getFirst().box, want.box));
    }

    private static List<Located> parse(String text) {
        List<Located> out = new ArrayList<>();
        Matcher m = LOCATED.matcher(text);
        while (m.find()) {
            Edges box = new Edges(part(m.group(1)), part(m.group(2)), part(m.group(3)), part(m.group(4)));
            List<Integer> codes = CODE.matcher(m.group(5))
                    .results()
                    .map(r -> Integer.valueOf(r.group(1)))
                    .toList();
            out.add(new Located(box, codes, m.group(6).strip()));
        }
        return out;
    }

    private static double part(String number) {
        return Integer.parseInt(number) / 1023.0;
    }

    private static double iou(Edges a, Edges b) {
        double high = Math.max(0, Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top));
        double wide = Math.max(0, Math.min(a.right, b.right) - Math.max(a.left, b.left));
        return high * wide / Math.max(1e-9, a.area() + b.area() - high * wide);
    }

    private static boolean[] paste(Edges box, float[] logits, int width, int height) {
        int top = (int) (box.top * height);
        int left = (int) (box.left * width);
        int bottom = (int) (box.bottom * height);
        int right = (int) (box.right * width);
        boolean[] out = new boolean[width * height];
        if (bottom > top && right > left) {
            float[] stretched = Resize.bilinear(logits, 64, 64, right - left, bottom - top);
            for (int y = top; y < bottom; y++) {
                for (int x = left; x < right; x++) {
                    out[y * width + x] = stretched[(y - top) * (right - left) + x - left] > 0;
                }
            }
        }
        return out;
    }

    /** Row-major run lengths, beginning with a run of false. */
    private static boolean[] runs(JsonNode lengths, int size) {
        boolean[] out = new boolean[size];
        int at = 0;
        boolean inside = false;
        for (JsonNode length : lengths) {
            Arrays.fill(out, at, at + length.asInt(), inside);
            at += length.asInt();
            inside = !inside;
        }
        return out;
    }
}
