package dev.pg.tokenizer;

import java.util.Locale;

/** What becomes of a text before anything else. */
enum TextForm {
    /** Nothing. */
    AS_IS,

    /** It is lower-cased, as SigLIP 2 was trained ({@code Siglip2Tokenizer} in transformers). */
    LOWER_CASE {
        @Override
        String canonical(String text) {
            return text.toLowerCase(Locale.ROOT);
        }
    },

    /** {@code SiglipTokenizer.canonicalize_text} in transformers: no capitals, no ASCII punctuation, single spaces. */
    SIGLIP {
        @Override
        String canonical(String text) {
            return SIGLIP_CASED.canonical(text.toLowerCase(Locale.ROOT));
        }
    },

    /** The same with {@code do_lower_case} false. */
    SIGLIP_CASED {
        @Override
        String canonical(String text) {
            StringBuilder out = new StringBuilder(text.length());
            boolean gap = false;
            for (int i = 0; i < text.length(); i++) {
                char c = text.charAt(i);
                if (isSpace(c)) {
                    gap = true;
                } else if (!isPunctuation(c)) {
                    if (gap && !out.isEmpty()) {
                        out.append(' ');
                    }
                    gap = false;
                    out.append(c);
                }
            }
            return out.toString();
        }
    };

    /** The text as the tokenizer reads it. */
    String canonical(String text) {
        return text;
    }

    /** True if punctuation goes, and with it the marks around words that only the tokenizer's own files can bring back. */
    boolean isSigLip() {
        return this == SIGLIP || this == SIGLIP_CASED;
    }

    /** Python's {@code str.isspace}, which {@code \s} of its regular expressions follows. */
    private static boolean isSpace(char c) {
        return (c >= '\t' && c <= '\r') || (c >= 0x1C && c <= 0x1F) || c == 0x85 || Character.isSpaceChar(c);
    }

    /** Python's {@code string.punctuation}. */
    private static boolean isPunctuation(char c) {
        return c > ' ' && c < 0x7F && !(c >= '0' && c <= '9') && !(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z');
    }
}
