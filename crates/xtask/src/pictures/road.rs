//! One token's road: a hit, a miss and a refusal. What it says is docs/architecture.md's.

use super::svg::{Anchor, Picture};

const BOX: usize = 46;

pub(super) fn draw() -> String {
    let mut picture = Picture::new(
        776,
        284,
        "One token's road",
        "A program looks into the cache. A hit: the token is given at once, without lock or network. A miss: the lock, a \
         second look, one request to Adobe IMS, the entry is replaced, the token is given. A refusal: everyone who waited \
         is told the same, with a cure.",
    );
    let boxed = |picture: &mut Picture, (x, y): (usize, usize), width: usize, class: &str, words: [&str; 2]| {
        picture.rect("panel", (x, y), (width, BOX));
        picture.anchored(&format!("bold {class}"), (x + width / 2, y + 20), Anchor::Middle, words[0]);
        picture.anchored("small muted", (x + width / 2, y + 37), Anchor::Middle, words[1]);
    };
    boxed(&mut picture, (16, 30), 150, "", ["a program asks", "git, kubectl, you"]);
    boxed(&mut picture, (216, 30), 190, "", ["look into the cache", "one file, no lock"]);
    boxed(&mut picture, (586, 30), 174, "good", ["the token", "exit 0"]);
    boxed(&mut picture, (216, 126), 190, "", ["take the lock", "others wait beside it"]);
    boxed(&mut picture, (456, 126), 190, "", ["look again, then ask", "one request to Adobe IMS"]);
    boxed(&mut picture, (216, 222), 190, "bad", ["refused: the cure", "exit 4, for all who wait"]);
    picture.arrow("way", &[(166, 53), (214, 53)]);
    picture.arrow("goodway", &[(406, 53), (584, 53)]);
    picture.anchored("small good", (495, 46), Anchor::Middle, "live, and earned: a hit");
    picture.arrow("way", &[(311, 76), (311, 124)]);
    picture.text("small", (320, 104), "a miss");
    picture.arrow("way", &[(406, 149), (454, 149)]);
    picture.arrow("goodway", &[(606, 126), (606, 78)]);
    picture.text("small good", (615, 99), "200: the entry is");
    picture.text("small good", (615, 114), "replaced, all read it");
    picture.arrow("badway", &[(551, 172), (551, 245), (408, 245)]);
    picture.text("small bad", (560, 200), "400, 401: a note for");
    picture.text("small bad", (560, 215), "those who wait");
    picture.finish()
}
