"""Music is read from files as people have them: bad ones are named, good ones lose nothing."""

from __future__ import annotations

import io
import json
import struct

import numpy as np
import pytest

from gansmith.errors import DataError, UsageError
from gansmith.modalities.music import MusicOptions
from gansmith.modalities.music.abc_files import read_abc
from gansmith.modalities.music.midi_files import midi_of, mido, read_midi
from gansmith.modalities.music.reading import looks_like_music, read_pieces
from gansmith.modalities.music.records import FIRST, notes_of, sounding
from gansmith.modalities.music.writing import PieceWriter


def midi(*tracks, ticks=480, **meta):
    """A file of tracks, each a program, a channel and notes of (begin, length, pitch) in quarter notes."""
    library = mido()
    file = library.MidiFile(type=1, ticks_per_beat=ticks)
    head = library.MidiTrack()
    for name, values in meta.items():
        head.append(library.MetaMessage(name, **values))
    file.tracks.append(head)
    for program, channel, notes in tracks:
        track = library.MidiTrack([library.Message("program_change", channel=channel, program=program)])
        events = [(round(ticks * (begin + long)), 0, pitch) for begin, long, pitch in notes]
        events += [(round(ticks * begin), 80, pitch) for begin, _, pitch in notes]
        before = 0
        for now, loud, pitch in sorted(events):
            track.append(
                library.Message("note_on", channel=channel, note=pitch, velocity=loud, time=now - before)
            )
            before = now
        file.tracks.append(track)
    content = io.BytesIO()
    file.save(file=content)
    return content.getvalue()


SCALE = [(k, 1, 60 + step) for k, step in enumerate((0, 2, 4, 5, 7, 9, 11, 12))]
CHORDS = [(4 * bar, 4, pitch) for bar in range(2) for pitch in (48, 52, 55)]


def test_a_file_of_melody_chords_bass_and_drums_is_grouped_by_role(tmp_path):
    beat = [(k, 0.25, 36 if k % 2 else 38) for k in range(8)]
    content = midi((73, 0, SCALE), (0, 1, CHORDS), (33, 2, [(k, 1, 36) for k in range(8)]), (0, 9, beat))
    (tmp_path / "a.mid").write_bytes(content)
    pieces = read_pieces(tmp_path, MusicOptions())
    assert [track.name for track in pieces.form.tracks] == ["melody", "chords", "bass", "drums"]
    assert pieces.form.grid == 1
    melody = sounding(pieces.tokens[0][:, pieces.form.voices(0)])
    assert melody[:, 0].tolist() == [60, 62, 64, 65, 67, 69, 71, 72]
    chords = sounding(pieces.tokens[0][:, pieces.form.voices(1)])
    assert chords[5].tolist() == [55, 52, 48]
    assert pieces.key_names == ["C"]


def test_four_voices_of_one_instrument_are_a_choir(tmp_path):
    voices = [(0, k, [(b, 1, 72 - 7 * k + b % 3) for b in range(8)]) for k in range(4)]
    (tmp_path / "a.mid").write_bytes(midi(*voices))
    pieces = read_pieces(tmp_path / "a.mid", MusicOptions())
    assert [track.name for track in pieces.form.tracks] == ["soprano", "alto", "tenor", "bass"]


def test_what_is_written_is_read_again_with_repeated_notes_repeated(tmp_path):
    notes = [(0, 1, 60), (1, 1, 60), (2, 2, 62), (4, 0.5, 64), (4.5, 0.5, 64), (5, 3, 60)]
    (tmp_path / "a.mid").write_bytes(midi((73, 0, notes), time_signature={"numerator": 4, "denominator": 4}))
    first = read_pieces(tmp_path / "a.mid", MusicOptions())
    (tmp_path / "b.mid").write_bytes(midi_of(first, {"gansmith": "{}"}))
    second = read_pieces(tmp_path / "b.mid", MusicOptions(grid=first.form.grid))
    assert notes_of(first.tokens[0]).tolist() == notes_of(second.tokens[0]).tolist()
    assert len(notes_of(first.tokens[0])) == len(notes)


def test_triplets_have_a_grid_that_keeps_them(tmp_path):
    notes = [(k / 3, 1 / 3, 60 + k % 5) for k in range(24)]
    (tmp_path / "a.mid").write_bytes(midi((73, 0, notes)))
    pieces = read_pieces(tmp_path / "a.mid", MusicOptions())
    assert pieces.form.grid == 12
    assert notes_of(pieces.tokens[0])[:, 0].tolist() == [4 * k for k in range(24)]


def test_a_header_that_lies_about_its_tracks_is_mended():
    content = bytearray(midi((73, 0, SCALE)))
    content[10:12] = struct.pack(">H", 40)
    assert len(read_midi(bytes(content), "a.mid").parts[0].notes) == 8


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"just some text", "no MIDI file"),
        (b"MThd\0\0\0\6\0\1\0\1\1\xe0", "no track"),
        (b"MThd\0\0\0\6\0\7\0\1\1\xe0MTrk\0\0\0\0", "type 7"),
    ],
)
def test_what_is_no_midi_is_named(content, said):
    with pytest.raises(DataError, match=said) as error:
        read_midi(content, "bad.mid")
    assert "bad.mid" in str(error.value)


def test_no_notes_and_frames_for_beats_are_refused():
    with pytest.raises(DataError, match="no note"):
        read_midi(midi((73, 0, [])), "empty.mid")
    content = bytearray(midi((73, 0, SCALE)))
    content[12:14] = b"\xe7\x28"
    with pytest.raises(DataError, match="SMPTE"):
        read_midi(bytes(content), "film.mid")


def test_changes_of_tempo_and_unknown_meta_events_are_read_over():
    library = mido()
    file = library.MidiFile(file=io.BytesIO(midi((73, 0, SCALE))))
    file.tracks[0].append(library.MetaMessage("set_tempo", tempo=500_000))
    file.tracks[0].append(library.MetaMessage("set_tempo", tempo=400_000, time=960))
    file.tracks[0].append(library.UnknownMetaMessage(0x60, data=(1, 2, 3)))
    content = io.BytesIO()
    file.save(file=content)
    found = read_midi(content.getvalue(), "a.mid")
    assert found.tempo == 150
    assert "tempo changes" in found.notes[0]


def test_a_bad_file_in_a_folder_is_left_out_with_a_note(tmp_path):
    (tmp_path / "a.mid").write_bytes(midi((73, 0, SCALE)))
    (tmp_path / "b.mid").write_bytes(b"text")
    pieces = read_pieces(tmp_path, MusicOptions())
    assert len(pieces) == 1
    assert any("b.mid" in note for note in pieces.notes)


def test_the_sound_beside_a_piece_is_no_word_worth(tmp_path):
    (tmp_path / "1.mid").write_bytes(midi((0, 0, SCALE)))
    (tmp_path / "1.wav").write_bytes(b"RIFF")
    assert not any("left out" in note for note in read_pieces(tmp_path, MusicOptions()).notes)
    (tmp_path / "cover.png").write_bytes(b"")
    assert any("1 files that are no music" in note for note in read_pieces(tmp_path, MusicOptions()).notes)


def test_forty_tracks_and_drums_alone_are_read(tmp_path):
    many = [(program, program % 9, SCALE) for program in range(40)]
    (tmp_path / "many.mid").write_bytes(midi(*many))
    assert read_pieces(tmp_path / "many.mid", MusicOptions()).form.n_voices <= 12
    (tmp_path / "drums.mid").write_bytes(midi((0, 9, [(k, 0.5, 36) for k in range(8)])))
    drums = read_pieces(tmp_path / "drums.mid", MusicOptions())
    assert [track.is_drums for track in drums.form.tracks] == [True]
    assert drums.key_names == [""]


def test_abc_keeps_keys_lengths_tuplets_ties_repeats_and_chords():
    text = (
        'X:1\nT:Test\nM:6/8\nL:1/8\nK:D\nf|"D"ABc d2e|:(3fgf c>d e2-|"A7"e3 ^g3:|\n'
        "X:2\nM:4/4\nL:1/4\nK:C\nCDEF|[1 G4:|[2 A4|]\n"
    )
    first, second = read_abc(text.encode(), "tunes.abc")
    notes = first.parts[0].notes
    assert first.metre == "6/8"
    assert first.key == "D"
    assert first.upbeat == 0.5
    assert notes[:6, 2].tolist() == [78, 69, 71, 73, 74, 76]
    assert notes[6, 1] == pytest.approx(1 / 3)
    assert notes[9:11, 1].tolist() == [0.75, 0.25]
    assert notes[11, 1] == 2.5  # tied over the bar line
    assert len(first.parts[1].notes) == 3 + 2 * 4
    assert second.parts[0].notes[:, 2].tolist() == [60, 62, 64, 65, 67, 60, 62, 64, 65, 69]


def test_pitches_in_json_are_voices_and_silence(tmp_path):
    rows = [[72, 60]] * 4 + [[74, -1]] * 4 + [[76, 62]] * 8
    (tmp_path / "a.json").write_text(json.dumps({"valid": [rows], "train": [rows, rows]}))
    pieces = read_pieces(tmp_path / "a.json", MusicOptions())
    assert len(pieces) == 2
    assert pieces.form.grid == 4
    assert sounding(pieces.tokens[0]).tolist() == [[one if one >= 0 else -1 for one in row] for row in rows]
    assert len(read_pieces(tmp_path / "a.json", MusicOptions(part="valid"))) == 1
    with pytest.raises(UsageError, match="valid"):
        read_pieces(tmp_path / "a.json", MusicOptions(part="vali"))
    (tmp_path / "b.json").write_text(json.dumps([[[60, 200]]]))
    with pytest.raises(DataError, match="piece 1, step 1: 200"):
        read_pieces(tmp_path / "b.json", MusicOptions())


def test_piano_rolls_are_read_and_pickles_are_not(tmp_path):
    roll = np.zeros((16, 128), np.uint8)
    roll[:8, 60], roll[8:, 64] = 90, 70
    np.savez(tmp_path / "a.npz", piano_roll=roll)
    pieces = read_pieces(tmp_path / "a.npz", MusicOptions())
    assert notes_of(pieces.tokens[0]).tolist() == [[0, 8, 60, 0], [8, 8, 64, 0]]
    np.savez(tmp_path / "b.npz", train=np.array([{"a": 1}], object))
    with pytest.raises(DataError, match="pickled"):
        read_pieces(tmp_path / "b.npz", MusicOptions())


def test_folders_of_music_are_recognised(tmp_path):
    assert not looks_like_music(tmp_path)
    (tmp_path / "a.mid").write_bytes(b"")
    assert looks_like_music(tmp_path)
    assert not looks_like_music(tmp_path / "nothing.csv")
    with pytest.raises(DataError, match="no such file"):
        read_pieces(tmp_path / "missing", MusicOptions())


def test_pieces_are_written_whole_or_not_at_all(tmp_path):
    (tmp_path / "a.mid").write_bytes(midi((73, 0, SCALE)))
    pieces = read_pieces(tmp_path / "a.mid", MusicOptions())
    with PieceWriter(tmp_path / "out", {}) as writer:
        writer.write(pieces.take(np.array([0, 0])))
    assert sorted(one.name for one in (tmp_path / "out").iterdir()) == [
        "0001.mid", "0001.wav", "0002.mid", "0002.wav",
    ]  # fmt: skip
    with pytest.raises(UsageError, match="one piece"), PieceWriter(tmp_path / "b.mid", {}) as writer:
        writer.write(pieces.take(np.array([0, 0])))
    assert not (tmp_path / "b.mid").exists()
    with pytest.raises(UsageError, match="mp3"):
        PieceWriter(tmp_path / "a.mp3", {})


XML = """<?xml version="1.0" encoding="UTF-8"?><score-partwise version="3.1"><part-list>
<score-part id="P1"><part-name>Flute</part-name></score-part>
<score-part id="P2"><part-name>Bass</part-name></score-part></part-list>
<part id="P1"><measure number="0" implicit="yes"><attributes><divisions>2</divisions>
<key><fifths>{fifths}</fifths><mode>{mode}</mode></key><time><beats>3</beats><beat-type>4</beat-type></time>
</attributes><sound tempo="90"/>{a4}</measure>
<measure number="1">{d5}{d5_again}</measure><measure number="2">{e5}</measure></part>
<part id="P2"><measure number="0" implicit="yes"><attributes><divisions>2</divisions></attributes>
<note><rest/><duration>2</duration></note></measure>
<measure number="1">{d3}</measure><measure number="2">{a2}</measure></part></score-partwise>"""


def of_xml(step, octave, long, tie=""):
    ties = f'<tie type="{tie}"/>' if tie else ""
    pitch = f"<pitch><step>{step}</step><octave>{octave}</octave></pitch>"
    return f"<note>{pitch}<duration>{long}</duration>{ties}</note>"


def test_musicxml_keeps_ties_upbeat_key_and_parts_in_step(tmp_path):
    pytest.importorskip("partitura")
    notes = {"a4": of_xml("A", 4, 2), "d5": of_xml("D", 5, 4, "start"), "d5_again": of_xml("D", 5, 2, "stop")}
    notes |= {"e5": of_xml("E", 5, 6), "d3": of_xml("D", 3, 6), "a2": of_xml("A", 2, 6)}
    (tmp_path / "a.musicxml").write_text(XML.format(fifths=2, mode="major", **notes))
    pieces = read_pieces(tmp_path, MusicOptions(grid=1))
    assert pieces.key_names == ["D"]
    assert pieces.metres == ["3/4"]
    (tokens,) = pieces.tokens
    begins = [
        [(step, int(row) - FIRST) for step, row in enumerate(voice) if row >= FIRST] for voice in tokens.T
    ]
    assert begins == [[(2, 69), (3, 74), (6, 76)], [(3, 50), (6, 45)]]
    (tmp_path / "a.musicxml").write_text("no score")
    with pytest.raises(DataError, match=r"a\.musicxml"):
        read_pieces(tmp_path / "a.musicxml", MusicOptions())
