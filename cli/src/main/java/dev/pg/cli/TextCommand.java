package dev.pg.cli;

import dev.pg.model.PaliGemma;
import dev.pg.model.Request;
import dev.pg.model.generate.GenerationOptions;
import dev.pg.model.generate.TokenListener;
import dev.pg.model.image.Image;
import java.util.List;

/** A command whose answer is a text. For several pictures, the picture's name and a tab stand before each. */
abstract class TextCommand extends PictureCommand {
    private boolean several;

    @Override
    void check(List<Picture> pictures) {
        several = pictures.size() > 1;
    }

    @Override
    void ask(PaliGemma paliGemma, Picture picture, Image image, GenerationOptions options) {
        Request request = Request.of(prompt(), image);
        if (console().json()) {
            console().result(json(picture, paliGemma.generate(request, options, TokenListener.NONE)));
        } else {
            new Answers(console()).print(paliGemma, request, options, several ? picture.name() + "\t" : "");
        }
    }
}
