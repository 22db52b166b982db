package dev.pg.cli;

import dev.pg.core.PgException;
import dev.pg.model.Completion;
import dev.pg.model.Conversation;
import dev.pg.model.TextModel;
import dev.pg.model.generate.GenerationOptions;
import dev.pg.tokenizer.TextStream;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import tools.jackson.databind.node.ObjectNode;

/** A conversation: messages on standard input, answers on standard output. */
@Command(
        name = "chat",
        description = {
            "Talks with an instruction-tuned Gemma. Each line on standard input is a message; a line that ends in \\ goes on in the next,"
                    + " and lines between two lines of \"\"\" are one message.",
            "/reset begins a new conversation, /exit or the end of the input ends the program, Ctrl-C stops an answer."
        },
        mixinStandardHelpOptions = true)
final class ChatCommand implements Callable<Integer> {
    private static final String BLOCK = "\"\"\"";

    @Spec
    private CommandSpec command;

    @Mixin
    private ModelArguments model;

    @Mixin
    private SamplingArguments sampling;

    @Option(
            names = "--system",
            paramLabel = "TEXT",
            description = "What the model is told before the first message, if its chat template has a place for it.")
    private String system;

    @Mixin
    private Console console;

    @Override
    public Integer call() {
        GenerationOptions options = sampling.options();
        if (options.beams() > 1) {
            throw new ParameterException(
                    command.commandLine(), "a conversation goes on from one answer; leave --beams out");
        }
        boolean terminal = Optional.ofNullable(System.console())
                .filter(it -> it.isTerminal())
                .isPresent();
        int failures = 0;
        try (TextModel opened = model.openText(console)) {
            Conversation conversation = opened.chat(Optional.ofNullable(system));
            Interrupts interrupts = Interrupts.install();
            BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            Optional<String> message = read(input, terminal);
            while (message.isPresent() && !message.get().strip().equals("/exit")) {
                String text = message.get().strip();
                if (text.equals("/reset")) {
                    conversation.reset();
                    console.note("new conversation");
                } else if (!text.isEmpty()) {
                    try {
                        answer(opened, conversation, text, options, interrupts);
                    } catch (PgException e) {
                        failures++;
                        console.failure("chat", e);
                    }
                }
                message = read(input, terminal);
            }
        }
        return failures == 0 ? ExitCode.OK : ExitCode.SOFTWARE;
    }

    private void answer(
            TextModel opened,
            Conversation conversation,
            String message,
            GenerationOptions options,
            Interrupts interrupts) {
        TextStream stream = opened.tokenizer().stream();
        boolean[] begun = {false};
        Completion completion;
        interrupts.begin();
        try {
            completion = conversation.say(message, options, (row, id) -> {
                if (!console.json()) {
                    begun[0] = true;
                    console.part(stream.push(id));
                }
                return !interrupts.asked();
            });
        } catch (RuntimeException e) {
            if (begun[0]) {
                console.result("");
            }
            throw e;
        } finally {
            interrupts.end();
        }
        if (console.json()) {
            ObjectNode object = CompletionJson.object().put("message", message);
            CompletionJson.put(object, completion);
            console.result(object.put("reused_tokens", conversation.reusedTokens()));
        } else {
            console.result(stream.finish());
        }
        console.detail("message of " + completion.timings().promptTokens() + " tokens, "
                + conversation.reusedTokens() + " more were in the cache; answer of "
                + completion.timings().generatedTokens());
    }

    /** The next message, or nothing at the end of the input. */
    private Optional<String> read(BufferedReader input, boolean terminal) {
        try {
            String line = line(input, terminal, "> ");
            if (line == null) {
                return Optional.empty();
            }
            StringBuilder message = new StringBuilder();
            if (line.strip().equals(BLOCK)) {
                while ((line = line(input, terminal, ". ")) != null
                        && !line.strip().equals(BLOCK)) {
                    message.append(line).append('\n');
                }
                return Optional.of(message.toString());
            }
            while (line != null && line.endsWith("\\")) {
                message.append(line, 0, line.length() - 1).append('\n');
                line = line(input, terminal, ". ");
            }
            return Optional.of(message.append(line == null ? "" : line).toString());
        } catch (IOException e) {
            throw new PgException("standard input cannot be read: " + e.getMessage(), e);
        }
    }

    private String line(BufferedReader input, boolean terminal, String prompt) throws IOException {
        if (terminal) {
            console.prompt(prompt);
        }
        return input.readLine();
    }
}
