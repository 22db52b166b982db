package dev.pg.tokenizer;

/**
 * A token that is found in text before the tokenizer proper sees it, as Hugging Face's files describe it.
 *
 * @param id what it becomes
 * @param content its text
 * @param special whether it is a mark, invisible in decoded text
 * @param leftStrip whether it swallows white space before it
 * @param rightStrip whether it swallows white space behind it
 * @param singleWord whether it counts only where no letter or digit touches it
 * @param normalized whether it is looked for after normalisation, and so after the tokens that are not
 */
record AddedToken(
        int id,
        String content,
        boolean special,
        boolean leftStrip,
        boolean rightStrip,
        boolean singleWord,
        boolean normalized) {
    /** The same token under the id that the vocabulary has for its text, which comes before what other files say. */
    AddedToken settledIn(Vocabulary vocabulary) {
        int known = vocabulary.id(content);
        return known < 0 || known == id
                ? this
                : new AddedToken(known, content, special, leftStrip, rightStrip, singleWord, normalized);
    }
}
