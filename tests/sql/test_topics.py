"""Every short topic over the characters that mean something, judged by the database and by the rules said level by level."""

import itertools

from support import shell

ALPHABET = "a/+#%c"
LENGTH = 5


def fault(topic):
    """What the database must answer, found without looking at how it finds it; None where the topic is fine."""
    levels = topic.split("/")
    if topic == "":
        return 'topic: must not be empty'
    if any("#" in level for level in levels[:-1]):
        return 'topic: "#" must be the last level'
    if "#" in levels[-1] and levels[-1] != "#":
        return 'topic: "#" must stand alone in its level'
    if any("+" in level and level != "+" for level in levels):
        return 'topic: "+" must stand alone in its level'
    characters = iter(topic)
    if any(character == "%" and next(characters, "") not in ("c", "u", "%") for character in characters):
        return 'topic: "%" must be followed by c, u or %'
    return None


class Topics(shell.TestCase):
    def test_every_short_topic_is_judged_as_the_rules_say(self):
        self.create("topics.db")
        topics = ["".join(characters) for length in range(LENGTH + 1)
                  for characters in itertools.product(ALPHABET, repeat=length)]
        expected = [(line, fault(topic)) for line, topic in enumerate(topics, start=1) if fault(topic)]
        self.assertTrue(0 < len(expected) < len(topics))
        _, _, errors = self.shell("topics.db", "".join(
            f"INSERT INTO check_value VALUES ('topic', '{topic}');\n" for topic in topics))
        self.assertEqual(len(errors), len(expected))
        for (line, message), error in zip(expected, errors):
            self.assertRegex(error, f"near line {line}:")
            self.assertIn(message, error)


if __name__ == "__main__":
    shell.main()
