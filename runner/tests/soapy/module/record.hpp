// Files in the folder that SIMULATED_RADIOS names: what is plugged in, what was called, what goes wrong, what is on air.
//   devices        one device a line: DRIVER SERIAL
//   log            one call a line: MICROSECONDS PROCESS SERIAL CALL ARGUMENTS
//   SERIAL.faults  one fault a line: KIND CALL [NUMBER [VALUE]], from the NUMBERth such call on (0: the first)
//   SERIAL.state   "on" while the carrier is on, also when nobody is left who could turn it off
//   SERIAL.claim   locked by the process that has the device
//   SERIAL.cf32    what was sent, if it is there
#pragma once
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <sys/file.h>
#include <fcntl.h>
#include <unistd.h>
#include <vector>

inline std::string folder() {
    const char *name = std::getenv("SIMULATED_RADIOS");
    return name ? name : "/nonexistent";
}

inline std::string path(const std::string &serial, const char *ending) { return folder() + "/" + serial + ending; }

inline long long now_us() {
    auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

// One write, so that the lines of several processes do not mix.
inline void record(const std::string &serial, const std::string &what) {
    std::ostringstream line;
    line << now_us() << ' ' << getpid() << ' ' << serial << ' ' << what << '\n';
    int file = open((folder() + "/log").c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    if (file < 0) return;
    std::string text = line.str();
    if (write(file, text.data(), text.size()) < 0) perror("log");
    close(file);
}

struct Plugged { std::string driver, serial; };

inline std::vector<Plugged> plugged() {
    std::vector<Plugged> all;
    std::ifstream file(folder() + "/devices");
    for (Plugged one; file >> one.driver >> one.serial;) all.push_back(one);
    return all;
}

inline bool is_plugged(const std::string &serial) {
    for (auto &one : plugged()) if (one.serial == serial) return true;
    return false;
}

inline bool is_on_air(const std::string &serial) {
    std::string state;
    std::ifstream(path(serial, ".state")) >> state;
    return state == "on";
}

inline void set_on_air(const std::string &serial, bool on, const std::string &why) {
    if (is_on_air(serial) == on) return;
    std::ofstream(path(serial, ".state")) << (on ? "on" : "off") << std::endl;
    record(serial, (on ? "carrier-on by=" : "carrier-off by=") + why);
}

struct Fault { std::string kind, call; long from = 0; std::string value; };

// Read with each call: a test may change them at any time.
inline std::vector<Fault> faults(const std::string &serial) {
    std::vector<Fault> all;
    std::ifstream file(path(serial, ".faults"));
    for (std::string line; std::getline(file, line);) {
        std::istringstream words(line);
        Fault one;
        words >> one.kind >> one.call >> one.from;
        std::getline(words >> std::ws, one.value);
        all.push_back(one);
    }
    return all;
}

// The claim on a USB device: gone with its process, however that ends.
class Claim {
    int file;
public:
    explicit Claim(const std::string &serial)
        : file(open(path(serial, ".claim").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)) {
        if (file >= 0 && flock(file, LOCK_EX | LOCK_NB) != 0) { close(file); file = -1; }
    }
    Claim(const Claim &) = delete;
    ~Claim() { if (file >= 0) close(file); }
    bool held() const { return file >= 0; }
};
