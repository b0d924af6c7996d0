"""What the files of a run's folder are called; media are named by their entry in metadata.json."""

METADATA = "metadata.json"
INPUT_TEXT = "input_text.txt"
TRANSFORMED_TEXT = "transformed_text.txt"
CRATE = "ro-crate-metadata.json"
