// A SoapySDR module with radios that are not there: they record what is done to them, and behave as badly as real ones.
#include "radio.hpp"
#include "record.hpp"
#include <SoapySDR/Device.hpp>
#include <SoapySDR/Errors.hpp>
#include <SoapySDR/Formats.hpp>
#include <SoapySDR/Registry.hpp>
#include <algorithm>
#include <cmath>
#include <complex>
#include <memory>
#include <stdexcept>
#include <thread>

using namespace SoapySDR;
using Clock = std::chrono::steady_clock;
using Sample = std::complex<float>;

// Not by raise(): a handler that returns would undo it.
[[noreturn]] static void crash() {
    volatile int *nowhere = nullptr;
    *nowhere = 0;
    std::abort();
}

static std::string text(double value) {
    std::ostringstream out;
    out.precision(12);
    out << value;
    return out.str();
}

class Simulated : public Device {
    const Radio &radio;
    const std::string serial;
    Claim claim;
    std::map<std::string, long> calls;
    std::map<std::string, double> gain;
    double rate = 1e6, frequency = 0, bandwidth = 0;
    std::string antenna, clock_source = "internal";
    bool active = false, sent = false;
    size_t queue;
    Clock::time_point empty{};

    // Every call comes here first: it is recorded, and goes wrong if it is to.
    void enter(const std::string &call, const std::string &arguments = "") {
        record(serial, call + (arguments.empty() ? "" : " " + arguments));
        long number = calls[call]++;
        for (auto &fault : faults(serial)) {
            if (fault.call != call || number < fault.from) continue;
            if (fault.kind == "hang") { record(serial, call + " hangs"); for (;;) sleep(1000); }
            if (fault.kind == "throw") throw std::runtime_error(fault.value.empty() ? "broken" : fault.value);
            if (fault.kind == "crash") crash();
        }
        if (call != "closeStream" && call != "unmake" && call != "deactivateStream" && call != "writeStream" && !there())
            throw std::runtime_error("the device is gone");
    }
    bool there() const { return is_plugged(serial); }
    bool has_fault(const std::string &kind, const std::string &call) const {
        for (auto &fault : faults(serial)) if (fault.kind == kind && fault.call == call) return true;
        return false;
    }
    bool ignored(const std::string &call) const { return has_fault("ignore", call); }
    // How many times longer than it should a write takes.
    double slowness() const {
        for (auto &fault : faults(serial)) if (fault.kind == "slow") return std::stod(fault.value);
        return 1;
    }
    int returned(const std::string &call, int otherwise) {
        for (auto &fault : faults(serial))
            if (fault.kind == "return" && fault.call == call && calls[call] > fault.from) return std::stoi(fault.value);
        return otherwise;
    }
    void on(const char *why) { if (there()) set_on_air(serial, true, why); }
    void off(const char *why) { set_on_air(serial, false, why); }
    double bounded(Beyond beyond, const char *what, double value, double low, double high, double before) {
        if (value >= low && value <= high) return value;
        switch (beyond) {
        case Beyond::Throws: throw std::runtime_error(std::string(what) + " out of range");
        case Beyond::Clips: return std::min(high, std::max(low, value));
        case Beyond::Ignores: return before;
        case Beyond::LogsOnly: return value;
        }
        return value;
    }
    const Element &element(const std::string &name) const {
        for (auto &one : radio.gains) if (one.name == name) return one;
        throw std::runtime_error("no gain " + name);
    }

public:
    Simulated(const Radio &radio, const std::string &serial)
        : radio(radio), serial(serial), claim(serial), antenna(radio.antennas.front()), queue(radio.queue) {
        if (!claim.held()) throw std::runtime_error("the device is in use");
        enter("make");
        if (radio.on == On::Make) on("make");
    }
    ~Simulated() {
        try { enter("unmake"); } catch (...) {}
        if (radio.close_silences || radio.off == Off::Unmake) off("unmake");
    }
    std::string getDriverKey() const override { return radio.driver; }
    std::string getHardwareKey() const override { return radio.label; }
    Kwargs getHardwareInfo() const override { return {{"serial", serial}, {"version", "2021.03.1"}}; }
    size_t getNumChannels(const int direction) const override { return direction == SOAPY_SDR_TX ? radio.channels : 0; }
    bool getFullDuplex(const int, const size_t) const override { return false; }
    std::vector<std::string> getStreamFormats(const int, const size_t) const override { return {SOAPY_SDR_CF32}; }
    std::string getNativeStreamFormat(const int, const size_t, double &scale) const override { scale = 1; return SOAPY_SDR_CF32; }

    Stream *setupStream(const int direction, const std::string &format, const std::vector<size_t> &channels, const Kwargs &args) override {
        enter("setupStream", "format=" + format + " channel=" + std::to_string(channels.at(0)) + " args=" + KwargsToString(args));
        if (direction != SOAPY_SDR_TX || format != SOAPY_SDR_CF32) throw std::runtime_error("no such stream");
        auto shorter = args.find(radio.queue_argument);
        if (!radio.queue_argument.empty() && shorter != args.end()) queue = std::stoul(shorter->second);
        if (radio.on == On::Setup) on("setupStream");
        return reinterpret_cast<Stream *>(this);
    }
    void closeStream(Stream *) override {
        enter("closeStream");
        if (radio.off == Off::CloseStream) off("closeStream");
    }
    size_t getStreamMTU(Stream *) const override { return radio.mtu; }
    int activateStream(Stream *, const int flags, const long long, const size_t) override {
        enter("activateStream", "flags=" + std::to_string(flags));
        active = true;
        sent = false;
        empty = Clock::now();
        if (radio.on == On::Activate) on("activateStream");
        return returned("activateStream", flags == 0 ? 0 : SOAPY_SDR_NOT_SUPPORTED);
    }
    int deactivateStream(Stream *, const int flags, const long long) override {
        auto queued = std::chrono::duration_cast<std::chrono::microseconds>(empty - Clock::now()).count();
        enter("deactivateStream", "flags=" + std::to_string(flags) + " queued_us=" + std::to_string(std::max<long long>(queued, 0)));
        active = false;
        if (radio.off == Off::Deactivate) off("deactivateStream");
        return returned("deactivateStream", 0);
    }
    int writeStream(Stream *, const void *const *buffers, const size_t count, int &flags, const long long, const long timeout) override {
        auto samples = static_cast<const Sample *>(buffers[0]);
        float peak = 0;
        bool silent = true;
        for (size_t i = 0; i < count; i++) {
            peak = std::max({peak, std::abs(samples[i].real()), std::abs(samples[i].imag())});
            silent = silent && samples[i] == Sample();
        }
        enter("writeStream", "n=" + std::to_string(count) + " flags=" + std::to_string(flags) + " timeout=" + std::to_string(timeout) +
              " peak=" + text(peak) + (silent ? " silent" : ""));
        // Full scale and beyond comes out with the other sign; a part of a block stays in memory.
        if (peak > 0.999f) record(serial, "WRAPPED");
        if (count % radio.mtu != 0) record(serial, "PARTIAL");
        if (!there()) return gone(timeout);
        int code = returned("writeStream", 0);
        for (auto &fault : faults(serial)) if (fault.kind == "return" && fault.call == "writeStream" && code == std::stoi(fault.value) && calls["writeStream"] > fault.from) {
            if (code == SOAPY_SDR_TIMEOUT) usleep(std::min<long>(timeout, 100000));
            return code;
        }
        if (!active) return SOAPY_SDR_STREAM_ERROR;
        auto now = Clock::now();
        if (sent && empty < now) record(serial, "ran-dry");
        empty = std::max(empty, now);
        auto lasts = std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(count / rate * slowness()));
        auto room = std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(queue / rate));
        auto wait = std::max(empty + lasts - now - room, Clock::duration::zero());
        if (wait > std::chrono::microseconds(timeout) && radio.heeds_timeout) {
            // libbladeRF takes less than a millisecond for none.
            if (timeout < 1000) for (;;) sleep(1000);
            std::this_thread::sleep_for(std::chrono::microseconds(timeout));
            return SOAPY_SDR_TIMEOUT;
        }
        std::this_thread::sleep_for(wait);
        empty += lasts;
        sent = true;
        if (radio.on == On::Write) on("writeStream");
        if (access(path(serial, ".cf32").c_str(), F_OK) == 0) {
            std::ofstream out(path(serial, ".cf32"), std::ios::binary | std::ios::app);
            out.write(reinterpret_cast<const char *>(samples), std::streamsize(count * sizeof(Sample)));
        }
        return int(count);
    }
    int gone(long timeout) {
        switch (radio.gone) {
        case Gone::TimesOut: usleep(std::min<long>(timeout, 100000)); return SOAPY_SDR_TIMEOUT;
        case Gone::Throws: throw std::runtime_error("RuntimeError: usb tx: transfer status: LIBUSB_TRANSFER_NO_DEVICE");
        case Gone::ReturnsThree: return 3;
        }
        return 0;
    }
    int readStreamStatus(Stream *, size_t &, int &, long long &, const long timeout) override {
        enter("readStreamStatus");
        if (!radio.has_status) return SOAPY_SDR_NOT_SUPPORTED;
        int code = returned("readStreamStatus", SOAPY_SDR_TIMEOUT);
        if (code == SOAPY_SDR_TIMEOUT) usleep(timeout);
        return code;
    }

    std::vector<std::string> listAntennas(const int, const size_t) const override { return radio.antennas; }
    void setAntenna(const int, const size_t, const std::string &name) override {
        enter("setAntenna", name);
        bool known = std::count(radio.antennas.begin(), radio.antennas.end(), name);
        if (!known && radio.antenna_counts) throw std::runtime_error("no antenna " + name);
        if (known && !ignored("setAntenna")) antenna = name;
    }
    std::string getAntenna(const int, const size_t) const override { return antenna; }
    std::vector<std::string> listGains(const int, const size_t) const override {
        std::vector<std::string> names;
        for (auto &one : radio.gains) names.push_back(one.name);
        return names;
    }
    void setGain(const int, const size_t, const double) override { record(serial, "OVERALL-GAIN"); }
    void setGain(const int, const size_t, const std::string &name, const double value) override {
        enter("setGain", name + "=" + text(value));
        auto &one = element(name);
        double set = bounded(radio.gain, "gain", std::round(value / one.step) * one.step, one.low, one.high, gain[name]);
        if (name == radio.late_element && !active) record(serial, name + " does not reach the radio");
        if (!ignored("setGain")) gain[name] = set;
    }
    double getGain(const int, const size_t, const std::string &name) const override {
        auto found = gain.find(name);
        return found == gain.end() ? 0 : found->second;
    }
    Range getGainRange(const int, const size_t, const std::string &name) const override {
        auto &one = element(name);
        return Range(one.low, one.high, one.step);
    }
    void setFrequency(const int, const size_t channel, const double value, const Kwargs &args) override {
        enter("setFrequency", text(value) + " channel=" + std::to_string(channel) + " args=" + KwargsToString(args));
        double set = bounded(radio.frequency, "frequency", value, radio.low, radio.high, frequency);
        if (!ignored("setFrequency")) frequency = set;
    }
    double getFrequency(const int, const size_t) const override { return frequency; }
    RangeList getFrequencyRange(const int, const size_t) const override { return {Range(radio.low, radio.high)}; }
    void setSampleRate(const int, const size_t, const double value) override {
        enter("setSampleRate", text(value));
        if (value < radio.slowest || value > radio.fastest) throw std::runtime_error("rate out of range");
        if (!ignored("setSampleRate")) rate = value;
        bandwidth = 0.75 * value;
    }
    double getSampleRate(const int, const size_t) const override { return has_fault("nan", "getSampleRate") ? NAN : rate; }
    RangeList getSampleRateRange(const int, const size_t) const override { return {Range(radio.slowest, radio.fastest)}; }
    void setBandwidth(const int, const size_t, const double value) override {
        enter("setBandwidth", text(value));
        if (!ignored("setBandwidth")) bandwidth = value;
    }
    double getBandwidth(const int, const size_t) const override { return bandwidth; }
    RangeList getBandwidthRange(const int, const size_t) const override { return {Range(1.5e6, 28e6)}; }
    std::vector<std::string> listClockSources() const override { return {"internal", "external"}; }
    void setClockSource(const std::string &source) override {
        enter("setClockSource", source);
        if (!ignored("setClockSource")) clock_source = source;
    }
    std::string getClockSource() const override { return clock_source; }
    void writeSetting(const std::string &key, const std::string &value) override {
        enter("writeSetting", key + "=" + value);
        if (key != radio.bias_tee) throw std::runtime_error("unknown setting " + key);
    }
};

static KwargsList find(const Radio &radio, const Kwargs &args) {
    KwargsList found;
    for (auto &one : plugged()) {
        auto wanted = args.find("serial");
        if (one.driver != radio.driver || (wanted != args.end() && wanted->second != one.serial)) continue;
        for (auto &fault : faults(one.serial)) {
            if (fault.call != "find") continue;
            record(one.serial, "find " + fault.kind + "s");
            if (fault.kind == "hang") for (;;) sleep(1000);
            if (fault.kind == "crash") crash();
        }
        // Each one that nobody has is opened and closed, and others are not listed.
        Claim claim(one.serial);
        if (!claim.held() && radio.find_silences) continue;
        if (radio.find_silences) { record(one.serial, "found"); set_on_air(one.serial, false, "find"); }
        found.push_back({{"serial", one.serial}, {"label", radio.label}});
    }
    return found;
}

// A registration takes plain functions, so that there is a pair of them for each radio.
template <size_t index> static KwargsList find_at(const Kwargs &args) { return find(radios()[index], args); }
template <size_t index> static Device *make_at(const Kwargs &args) {
    auto serial = args.find("serial");
    if (serial == args.end() || !is_plugged(serial->second)) throw std::runtime_error("no such device");
    return new Simulated(radios()[index], serial->second);
}
template <size_t index> static void add(std::vector<std::unique_ptr<Registry>> &all) {
    all.emplace_back(new Registry(radios()[index].driver, &find_at<index>, &make_at<index>, SOAPY_SDR_ABI_VERSION));
}
static std::vector<std::unique_ptr<Registry>> registered() {
    std::vector<std::unique_ptr<Registry>> all;
    add<0>(all);
    add<1>(all);
    add<2>(all);
    add<3>(all);
    add<4>(all);
    return all;
}
static const std::vector<std::unique_ptr<Registry>> registries = registered();
