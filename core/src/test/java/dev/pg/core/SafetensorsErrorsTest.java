package dev.pg.core;

import static dev.pg.core.RawFile.entry;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class SafetensorsErrorsTest {
    private static final String X = entry("x", "F32", "[2,3]", 0, 24);
    private static final long HUGE = Long.MAX_VALUE;

    @TempDir
    private Path dir;

    /** Header, bytes of data, and what the message must say. */
    static Stream<Arguments> malformedHeaders() {
        return Stream.of(
                // JSON
                arguments("", 0, "expected a JSON object"),
                arguments("[]", 0, "expected a JSON object"),
                arguments("null", 0, "expected a JSON object"),
                arguments("\u0000\u0000{}", 0, "header is not valid"),
                arguments("{" + X, 24, "header is not valid"),
                arguments("{" + X + "} x", 24, "header is not valid"),
                arguments("{" + X + "} {}", 24, "text after the closing brace"),
                arguments("{" + X + "}\u0000", 24, "header is not valid"),
                arguments("{" + X + "," + X + "}", 24, "Duplicate Object property \"x\""),
                arguments("{\"x\":{\"dtype\":\"U8\",\"dtype\":\"U8\"}}", 0, "Duplicate Object property \"dtype\""),
                arguments("{\"__metadata__\":{\"a\":\"1\",\"a\":\"2\"}}", 0, "Duplicate Object property \"a\""),
                arguments("{\"__metadata__\":{},\"__metadata__\":{}}", 0, "Duplicate Object property"),
                arguments("{\"__metadata__\":{\"a\":1}}", 0, "__metadata__ \"a\" is not a string"),
                arguments("{\"__metadata__\":{\"a\":null}}", 0, "__metadata__ \"a\" is not a string"),
                arguments("{\"__metadata__\":{\"a\":{}}}", 0, "__metadata__ \"a\" is not a string"),
                arguments("{\"__metadata__\":[]}", 0, "\"__metadata__\" is not an object"),
                arguments("{\"x\":7}", 0, "\"x\" is not an object"),
                arguments("{\"x\":" + "[".repeat(100_000), 0, "\"x\" is not an object"),
                arguments("{\"x\":{\"later\":" + "[".repeat(100_000), 0, "nesting depth"),
                arguments("{\"x\":" + "{\"a\":".repeat(100_000), 0, "nesting depth"),
                arguments("{\"" + "n".repeat(2000) + "\":{}}", 0, "Name length"),
                // fields
                arguments("{\"x\":{}}", 0, "\"x\" lacks one of dtype, shape and two data_offsets"),
                arguments("{\"x\":{\"dtype\":\"U8\",\"shape\":[0]}}", 0, "\"x\" lacks one of"),
                arguments("{\"x\":{\"dtype\":\"U8\",\"data_offsets\":[0,0]}}", 0, "\"x\" lacks one of"),
                arguments("{\"x\":{\"shape\":[0],\"data_offsets\":[0,0]}}", 0, "\"x\" lacks one of"),
                arguments("{\"x\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0]}}", 0, "\"x\" lacks one of"),
                arguments("{\"x\":{\"data_offsets\":[0,1,2]}}", 0, "data_offsets of \"x\" has more than 2 numbers"),
                arguments("{\"x\":{\"dtype\":8}}", 0, "dtype of \"x\" is not a string"),
                arguments("{\"x\":{\"shape\":8}}", 0, "shape of \"x\" is not a list"),
                arguments("{\"x\":{\"shape\":[\"8\"]}}", 0, "shape of \"x\" holds something other than sizes"),
                arguments("{\"x\":{\"shape\":[[1]]}}", 0, "shape of \"x\" holds something other than sizes"),
                arguments("{\"x\":{\"shape\":[2.0]}}", 0, "shape of \"x\" holds something other than sizes"),
                arguments("{\"x\":{\"shape\":[1e3]}}", 0, "shape of \"x\" holds something other than sizes"),
                arguments("{\"x\":{\"shape\":[-1]}}", 0, "shape of \"x\" holds something other than sizes"),
                arguments("{\"x\":{\"shape\":[9223372036854775808]}}", 0, "out of range of `long`"),
                arguments("{\"x\":{\"shape\":[" + "9".repeat(5000) + "]}}", 0, "Number value length"),
                arguments("{\"x\":{\"shape\":[" + "1,".repeat(33) + "1]}}", 0, "more than 32 numbers"),
                arguments("{" + entry("x", "F33", "[1]", 0, 4) + "}", 4, "tensor \"x\" has the unknown dtype \"F33\""),
                arguments("{" + entry("x", "f32", "[1]", 0, 4) + "}", 4, "unknown dtype \"f32\""),
                arguments(
                        "{" + entry("x", "F4", "[2]", 0, 1) + "}",
                        1,
                        "unknown dtype \"F4\"; convert it to one of [BOOL, U8,"),
                // sizes
                arguments(
                        "{" + entry("x", "F32", "[2,3]", 0, 23) + "}",
                        23,
                        "\"x\" F32 [2, 3] needs 24 bytes, its data_offsets [0, 23]"),
                arguments(
                        "{" + entry("x", "F32", "[2,3]", 24, 0) + "}", 24, "needs 24 bytes, its data_offsets [24, 0]"),
                arguments("{" + entry("x", "U8", "[" + HUGE + ",2]", 0, 8) + "}", 8, "is larger than any file"),
                arguments("{" + entry("x", "F32", "[" + HUGE + "]", 0, 8) + "}", 8, "is larger than any file"),
                arguments("{" + entry("x", "U8", "[4294967296,4294967296]", 0, 0) + "}", 0, "is larger than any file"),
                arguments(
                        "{" + entry("x", "U8", "[" + HUGE + "]", 0, HUGE) + "}",
                        8,
                        "is cut off: has 105 bytes and should have 9223372036854775904"),
                arguments("{" + entry("x", "U8", "[1099511627776]", 0, 1L << 40) + "}", 8, "is cut off"),
                // layout
                arguments("{" + X + "}", 23, "is cut off: has 88 bytes and should have 89; download it again"),
                arguments("{" + X + "}", 0, "is cut off: has 65 bytes and should have 89"),
                arguments("{" + X + "}", 27, "has 92 bytes and should have 89, 3 bytes belong to no tensor"),
                arguments("{}", 1, "has 11 bytes and should have 10, 1 bytes belong to no tensor"),
                arguments(
                        "{" + entry("x", "U8", "[4]", 1, 5) + "}",
                        5,
                        "\"x\" begins at data byte 1, after a hole that begins at 0"),
                arguments(
                        "{" + X + "," + entry("y", "U8", "[4]", 26, 30) + "}",
                        30,
                        "\"y\" begins at data byte 26, after a hole that begins at 24"),
                arguments(
                        "{" + X + "," + entry("y", "U8", "[4]", 20, 24) + "}",
                        24,
                        "\"y\" begins at data byte 20, inside the one before, which ends at 24"),
                arguments(
                        "{" + X + "," + entry("y", "F32", "[2,3]", 0, 24) + "}",
                        24,
                        "\"y\" begins at data byte 0, inside the one before"));
    }

    @ParameterizedTest
    @MethodSource("malformedHeaders")
    void aMalformedHeaderIsNamed(String header, int dataBytes, String message) {
        Path file = RawFile.write(dir.resolve("bad.safetensors"), header, dataBytes);
        assertThat(messageOf(file)).contains(message).containsAnyOf("download", "convert");
    }

    @Test
    void aHeaderInAnotherEncodingIsRefused() {
        byte[] utf16 = "{}".getBytes(StandardCharsets.UTF_16LE);
        Path file = RawFile.write(dir.resolve("bad.safetensors"), RawFile.bytes(utf16, new byte[0]));
        assertThat(messageOf(file)).contains("header is not valid");
        byte[] latin1 = "{\"__metadata__\":{\"a\":\"\u00fc\"}}".getBytes(StandardCharsets.ISO_8859_1);
        file = RawFile.write(dir.resolve("bad.safetensors"), RawFile.bytes(latin1, new byte[0]));
        assertThat(messageOf(file)).contains("Invalid UTF-8");
    }

    @Test
    void theLengthPrefixIsNotBelieved() {
        assertThat(messageWithPrefix(100))
                .contains("is cut off inside the header: has 10 bytes and should have at least 108");
        assertThat(messageWithPrefix(3)).contains("is cut off inside the header");
        assertThat(messageWithPrefix(100_000_000)).contains("is cut off inside the header");
        assertThat(messageWithPrefix(100_000_001))
                .contains("claims a header of 100000001 bytes, the limit is 100000000");
        assertThat(messageWithPrefix(Long.MAX_VALUE)).contains("claims a header of 9223372036854775807 bytes");
        assertThat(messageWithPrefix(-1)).contains("claims a header of 18446744073709551615 bytes");
        assertThat(messageWithPrefix(1)).contains("header is not valid");
        assertThat(messageWithPrefix(0)).contains("header is not valid");
    }

    private String messageWithPrefix(long headerBytes) {
        byte[] bytes = ByteBuffer.allocate(10)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(headerBytes)
                .put("{}".getBytes(StandardCharsets.US_ASCII))
                .array();
        return messageOf(RawFile.write(dir.resolve("bad.safetensors"), bytes));
    }

    @Test
    void whatIsNoSafetensorsFileIsNamed() throws IOException {
        assertThat(messageOf(RawFile.write(dir.resolve("empty"), new byte[0]))).contains("has 0 bytes, too few");
        assertThat(messageOf(RawFile.write(dir.resolve("seven"), new byte[7]))).contains("has 7 bytes, too few");
        byte[] pointer = "version https://git-lfs.github.com/spec/v1\n".getBytes(StandardCharsets.US_ASCII);
        assertThat(messageOf(RawFile.write(dir.resolve("lfs"), pointer)))
                .contains("Git LFS pointer")
                .contains("git lfs pull");
        byte[] page = "<!DOCTYPE html><html></html>".getBytes(StandardCharsets.US_ASCII);
        assertThat(messageOf(RawFile.write(dir.resolve("html"), page))).contains("is not a safetensors file");
        assertThat(messageOf(dir.resolve("nowhere"))).contains("no such file");
        assertThat(messageOf(dir)).contains("is not a file");
        Path link = Files.createSymbolicLink(dir.resolve("link"), dir.resolve("gone"));
        assertThat(messageOf(link)).contains("points to a file that does not exist");
    }

    @Test
    void aMessageIsOneLineWhateverANameContains() {
        String name = "a\\nb\\u001b[31m";
        Path file = RawFile.write(dir.resolve("bad.safetensors"), "{" + entry(name, "F33", "[]", 0, 1) + "}", 1);
        assertThat(messageOf(file)).contains("a\uFFFDb\uFFFD[31m");
        file = RawFile.write(
                dir.resolve("bad.safetensors"), "{" + entry("x", "F".repeat(1 << 20), "[]", 0, 1) + "}", 1);
        assertThat(messageOf(file)).hasSizeLessThan(2100);
    }

    private static String messageOf(Path file) {
        try (Arena arena = Arena.ofConfined()) {
            Throwable thrown = catchThrowable(() -> Safetensors.open(file, arena));
            assertThat(thrown).isInstanceOf(PgException.class);
            assertThat(thrown.getMessage()).startsWith(file + ": ").doesNotContain("\n");
            return thrown.getMessage();
        }
    }
}
