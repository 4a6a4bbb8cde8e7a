// How each radio behaves, as far as a program at the SoapySDR interface can tell.
#pragma once
#include <string>
#include <vector>

struct Element { std::string name; double low, high, step; };

// When the carrier goes on, and when off.
enum class On { Make, Setup, Activate, Write };
enum class Off { Deactivate, CloseStream, Unmake };
// What becomes of a value out of range.
enum class Beyond { Throws, LogsOnly, Clips, Ignores };
// What a write answers when the device is gone.
enum class Gone { TimesOut, Throws, ReturnsThree };

struct Radio {
    std::string driver, label;
    std::vector<Element> gains;
    double low, high;
    Beyond frequency, gain;
    double slowest, fastest;
    std::vector<std::string> antennas;
    bool antenna_counts;
    size_t channels, mtu;
    // Samples that it queues.
    size_t queue;
    // Which argument of the stream shortens that.
    std::string queue_argument;
    bool drops_queue;
    On on;
    Off off;
    Gone gone;
    bool heeds_timeout;
    bool has_status;
    std::string bias_tee;
    // Elements that reach the radio only while it sends.
    std::string late_element;
    // The process's end silences it, closing does, looking for devices does.
    bool dies_with_process, close_silences, find_silences;
};

inline const std::vector<Radio> &radios() {
    static const std::vector<Radio> all = {
        {"hackrf", "HackRF One", {{"VGA", 0, 47, 1}, {"AMP", 0, 14, 14}}, 0, 7.25e9, Beyond::LogsOnly, Beyond::LogsOnly,
         1e6, 20e6, {"TX/RX"}, false, 1, 131072, 15 * 131072, "", true, On::Activate, Off::Deactivate, Gone::TimesOut, true,
         true, "bias_tx", "AMP", false, true, true},
        {"bladerf", "bladeRF 2.0", {{"dsa", -89.75, 0, 0.25}}, 47e6, 6e9, Beyond::Throws, Beyond::Throws, 520834, 61.44e6,
         {"TX"}, false, 2, 4096, 131072, "", false, On::Setup, Off::CloseStream, Gone::TimesOut, true, true, "biastee_tx", "",
         false, true, false},
        {"lime", "LimeSDR-USB", {{"PAD", 0, 52, 1}, {"IAMP", -12, 12, 1}}, 0, 3.8e9, Beyond::Throws, Beyond::Clips, 1e5,
         61.44e6, {"NONE", "BAND1", "BAND2"}, true, 2, 1360, 4194304, "bufferLength", true, On::Make, Off::Unmake,
         Gone::TimesOut, true, true, "", "", false, true, false},
        {"uhd", "B210", {{"PGA", 0, 89.75, 0.25}}, 50e6, 6e9, Beyond::Clips, Beyond::Clips, 31250, 61.44e6,
         {"TX/RX"}, true, 2, 2040, 8 * 2040, "", false, On::Write, Off::CloseStream, Gone::Throws, true, true, "", "", true,
         true, false},
        {"plutosdr", "PlutoSDR", {{"PGA", 0, 89, 1}}, 70e6, 6e9, Beyond::Ignores, Beyond::Ignores, 65105, 61.44e6, {"A"},
         true, 1, 4096, 4 * 4096, "", false, On::Setup, Off::CloseStream, Gone::ReturnsThree, false, false, "", "", false,
         false, false},
    };
    return all;
}
