#!/usr/bin/python3
"""Demodulates IQ with GNU Radio: audio.py IN RATE MODE OUT.wav [AUDIO_RATE]

IN: a file of complex floats; `rtl_tcp=HOST:PORT,HERTZ,SECONDS` for that long of an rtl_tcp server; or
`zmq=tcp://HOST:PORT,SECONDS` for that long of a stream of complex floats.

MODE: nfm (12.5 kHz channel, 75 us de-emphasis), usb, lsb (200 to 3200 Hz), pager (flat discriminator).
"""
import math
import sys

from gnuradio import analog, blocks, filter, gr
from gnuradio.filter import firdes

source, rate, mode, target = sys.argv[1], float(sys.argv[2]), sys.argv[3], sys.argv[4]
audio_rate = int(sys.argv[5]) if len(sys.argv) > 5 else 48000
CHANNEL_RATE = 48000
PASSBAND = {"nfm": 7.5e3, "pager": 8e3, "usb": 4e3, "lsb": 4e3}[mode]


def resampler(kind, to, frm):
    divisor = math.gcd(int(to), int(frm))
    return kind(interpolation=int(to) // divisor, decimation=int(frm) // divisor)


def samples():
    kind, _, there = source.partition("=")
    if kind == "rtl_tcp":
        import osmosdr

        address, hertz, seconds = there.split(",")
        radio = osmosdr.source(args=f"rtl_tcp={address}")
        radio.set_sample_rate(rate)
        radio.set_center_freq(float(hertz))
        radio.set_gain(30)
        return [radio, blocks.head(gr.sizeof_gr_complex, int(rate * float(seconds)))]
    if kind == "zmq":
        from gnuradio import zeromq

        address, seconds = there.split(",")
        stream = zeromq.sub_source(gr.sizeof_gr_complex, 1, address, 100, False, -1, "")
        return [stream, blocks.head(gr.sizeof_gr_complex, int(rate * float(seconds)))]
    return [blocks.file_source(gr.sizeof_gr_complex, source)]


decimation = max(1, int(rate // (2 * CHANNEL_RATE)))
chain = [
    *samples(),
    filter.fir_filter_ccf(decimation, firdes.low_pass(1, rate, PASSBAND, PASSBAND / 2)),
    resampler(filter.rational_resampler_ccc, CHANNEL_RATE, rate / decimation),
]
if mode == "nfm":
    chain.append(analog.nbfm_rx(audio_rate=CHANNEL_RATE, quad_rate=CHANNEL_RATE, tau=75e-6, max_dev=5e3))
elif mode == "pager":
    chain.append(analog.quadrature_demod_cf(CHANNEL_RATE / (2 * math.pi * 10e3)))
else:
    edges = (200, 3200) if mode == "usb" else (-3200, -200)
    chain.append(filter.fir_filter_ccc(1, firdes.complex_band_pass(1, CHANNEL_RATE, *edges, 200)))
    chain.append(blocks.complex_to_real())
    chain.append(analog.agc2_ff(1e-1, 1e-3, 0.3, 1))
if audio_rate != CHANNEL_RATE:
    chain.append(resampler(filter.rational_resampler_fff, audio_rate, CHANNEL_RATE))
chain.append(blocks.wavfile_sink(target, 1, audio_rate, blocks.FORMAT_WAV, blocks.FORMAT_PCM_16))

flowgraph = gr.top_block()
flowgraph.connect(*chain)
flowgraph.run()
