#!/usr/bin/python3
"""Receives FreeDV in the upper sideband with the system's libcodec2: freedv.py IN.cf32 RATE 1600|700D OUT.wav

Writes the speech, prints the text beside it, and to standard error how many frames were in sync.
"""
import ctypes
import sys
import wave

import numpy

source, rate, mode, target = sys.argv[1], float(sys.argv[2]), {"1600": 0, "700D": 7}[sys.argv[3]], sys.argv[4]
MODEM_RATE = 8000
VOICE = (200, 3200)

# The sideband without a gain control, which would tear at the modem's carriers: transform, cut it out, transform back.
samples = numpy.fromfile(source, numpy.complex64)
bins = numpy.fft.fft(samples)
hertz = numpy.fft.fftfreq(len(samples), 1 / rate)
bins[(hertz < VOICE[0]) | (hertz > VOICE[1])] = 0
count = int(len(samples) * MODEM_RATE / rate)
half = count // 2
sideband = numpy.fft.ifft(numpy.concatenate([bins[:half], bins[-(count - half) :]])).real
sound = (sideband * (12_000 / numpy.abs(sideband).max())).astype("<i2").tobytes()

codec2 = ctypes.CDLL("libcodec2.so.1.0")
codec2.freedv_open.restype = ctypes.c_void_p
receiver = ctypes.c_void_p(codec2.freedv_open(mode))
text = []
on_character = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_char)(lambda state, character: text.append(character))
no_text = ctypes.CFUNCTYPE(ctypes.c_char, ctypes.c_void_p)(lambda state: b"\0")
codec2.freedv_set_callback_txt(receiver, on_character, no_text, None)
codec2.freedv_set_squelch_en(receiver, 0)

speech = (ctypes.c_short * codec2.freedv_get_n_max_speech_samples(receiver))()
spoken, frames, in_sync, at = [], 0, 0, 0
while True:
    size = 2 * codec2.freedv_nin(receiver)
    if at + size > len(sound):
        break
    modem = (ctypes.c_short * (size // 2)).from_buffer_copy(sound[at : at + size])
    count = codec2.freedv_rx(receiver, speech, modem)
    spoken.append(bytes(speech)[: 2 * count])
    sync, snr = ctypes.c_int(), ctypes.c_float()
    codec2.freedv_get_modem_stats(receiver, ctypes.byref(sync), ctypes.byref(snr))
    frames, in_sync, at = frames + 1, in_sync + sync.value, at + size
with wave.open(target, "wb") as file:
    file.setparams((1, 2, MODEM_RATE, 0, "NONE", ""))
    file.writeframes(b"".join(spoken))
print(b"".join(text).decode("latin-1").replace("\r", "\n"))
print(f"{in_sync} of {frames} frames in sync", file=sys.stderr)
