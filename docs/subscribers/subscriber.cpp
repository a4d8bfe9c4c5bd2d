// A control process that listens to Signwatch, in C++17. It asks one question in each round of its loop: may what was
// received last be acted on?
//
//     c++ -std=c++17 -O2 subscriber.cpp -lzmq -o subscriber
//     ./subscriber tcp://127.0.0.1:5556
//     ./subscriber tcp://10.0.0.2:5556 control.key_secret vehicle.key
//
// The answer is reckoned as edge/subscriber.py does it; docs/live.md says why.

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>
#include <zmq.hpp>
#include <zmq_addon.hpp>

using nlohmann::json;

constexpr double alive_ms = 2500;    // health comes every second; two of them may be late
constexpr double stale_ms = 500;     // no frame older than this is acted on
constexpr double window_ms = 60'000; // two clocks drift apart: the fastest way is looked for in one or two of these
constexpr int round_ms = 50;         // of the control loop
constexpr int most_at_once = 1000;   // messages in a round: a flood must not keep the question from being asked
constexpr std::size_t most_sources = 64;

// Milliseconds on a clock that nobody can set.
double now_ms() {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Whole numbers below 2^63, as the schema has them; nlohmann would turn anything else into one.
std::uint64_t whole(const json &number) {
  if (!number.is_number_unsigned() || number.get<std::uint64_t>() >> 63) throw std::invalid_argument("no whole number");
  return number.get<std::uint64_t>();
}

// The parts of a message that this program needs. Anybody may have sent it: all is read before anything is believed.
struct Message {
  explicit Message(const json &message)
      : source(message.at("source")), session(message.at("session")), seq(whole(message.at("seq"))) {}
  std::string source, session;
  std::uint64_t seq;
};

struct Frame : Message {
  explicit Frame(const json &message)
      : Message(message), sent_ms(whole(message.at("monotonic_ns")) / 1e6),
        total_ms(message.at("latency_ms").at("total")) {
    const json &list = message.at("signs");
    if (total_ms < 0 || !list.is_array()) throw std::invalid_argument("no frame");
    for (const json &sign : list)
      if (sign.at("state") == "confirmed") signs.insert(sign.at("name").get<std::string>());
  }
  double sent_ms;  // on the publisher's monotonic clock
  double total_ms; // from capture to message
  std::set<std::string> signs;
};

struct Health : Message {
  explicit Health(const json &message) : Message(message), stopped(message.at("state") == "stopped") {}
  bool stopped;
};

// What is known of one camera from its messages.
class Camera {
public:
  std::uint64_t missed = 0, gaps = 0, restarts = 0;
  std::set<std::string> signs;

  void take(const Frame &frame, double received_ms) {
    note_session(frame.session);
    if (expected_ && frame.seq < *expected_) return; // repeated
    if (expected_ && frame.seq > *expected_) missed += frame.seq - *expected_, ++gaps;
    expected_ = frame.seq + 1;
    heard_ms_ = received_ms;
    captured_ms_ = received_ms - delay_ms(frame.sent_ms, received_ms) - frame.total_ms;
    signs = frame.signs;
  }

  void take(const Health &health, double received_ms) {
    note_session(health.session);
    if (health_ && health.seq <= *health_) return; // repeated, because somebody else has come
    health_ = health.seq;
    heard_ms_ = received_ms;
    stopped_ = health.stopped;
  }

  // Age of the newest frame since its capture, whatever held it up.
  std::optional<double> age_ms() const {
    if (!captured_ms_) return std::nullopt;
    return std::max(0.0, now_ms() - *captured_ms_);
  }

  // Why it may not be acted on; empty where it may.
  std::string fault() const {
    if (!heard_ms_ || now_ms() - *heard_ms_ > alive_ms) return "the publisher is silent";
    const auto age = age_ms();
    if (age && *age <= stale_ms) return "";
    return stopped_ ? "it was stopped" : "the newest frame is stale";
  }

private:
  std::string session_;
  std::optional<std::uint64_t> expected_, health_;
  std::optional<double> heard_ms_, captured_ms_, fastest_ms_, fastest_before_ms_;
  double window_began_ms_ = 0;
  bool stopped_ = false;

  void note_session(const std::string &session) {
    if (session == session_) return;
    if (!session_.empty()) ++restarts;
    session_ = session;
    expected_.reset(), health_.reset(), fastest_ms_.reset(), fastest_before_ms_.reset();
  }

  // How much longer than the fastest message this one was under way. Both clocks are monotonic, each machine's own, so
  // only differences between differences mean anything.
  double delay_ms(double sent_ms, double received_ms) {
    const double way_ms = received_ms - sent_ms;
    if (received_ms - window_began_ms_ > window_ms) {
      fastest_before_ms_ = fastest_ms_, fastest_ms_.reset();
      window_began_ms_ = received_ms;
    }
    fastest_ms_ = std::min(fastest_ms_.value_or(way_ms), way_ms);
    return way_ms - std::min(*fastest_ms_, fastest_before_ms_.value_or(way_ms));
  }
};

// Takes in whatever arrives and answers the one question.
class Signs {
public:
  std::map<std::string, Camera> cameras;
  std::uint64_t malformed = 0;

  void take(const std::vector<zmq::message_t> &parts) {
    const double received_ms = now_ms();
    try {
      if (parts.size() != 2) throw std::invalid_argument("not a topic and a payload");
      const auto topic = parts[0].to_string();
      const json message = json::parse(parts[1].to_string());
      if (message.at("schema") != "signwatch." + topic + "/1") throw std::invalid_argument("another schema");
      if (topic == "frame") note(Frame(message), received_ms);
      if (topic == "health") note(Health(message), received_ms);
    } catch (const std::exception &) {
      ++malformed;
    }
  }

  // Why nothing received so far may be acted on; empty where it may. The worst camera counts.
  std::string fault() const {
    if (cameras.empty()) return "nothing was received yet";
    for (const auto &[name, camera] : cameras)
      if (const auto fault = camera.fault(); !fault.empty()) return json(name).dump() + ": " + fault;
    return "";
  }

private:
  template <typename Kind> void note(const Kind &message, double received_ms) {
    if (!cameras.count(message.source) && cameras.size() >= most_sources) cameras.erase(cameras.begin());
    cameras[message.source].take(message, received_ms);
  }
};

// A key in Z85, from a file as `signwatch keys` writes it.
std::string read_key(const std::string &file, const std::string &kind) {
  std::ifstream stream(file);
  const std::string text(std::istreambuf_iterator<char>(stream), {}), before = kind + " = \"";
  const auto found = text.find(before);
  if (found == std::string::npos) throw std::runtime_error(file + " holds no " + kind);
  return text.substr(found + before.size(), 40);
}

int main(int count, char **arguments) try {
  if (count != 2 && count != 4) throw std::runtime_error("usage: subscriber ADDRESS [OWN.key_secret PUBLISHER.key]");
  zmq::context_t context;
  zmq::socket_t socket(context, zmq::socket_type::sub);
  socket.set(zmq::sockopt::linger, 0);
  socket.set(zmq::sockopt::maxmsgsize, std::int64_t{1} << 20);
  socket.set(zmq::sockopt::rcvbuf, 1 << 16); // the system would otherwise keep minutes of old messages
  if (count == 4) {
    socket.set(zmq::sockopt::curve_publickey, read_key(arguments[2], "public-key"));
    socket.set(zmq::sockopt::curve_secretkey, read_key(arguments[2], "secret-key"));
    socket.set(zmq::sockopt::curve_serverkey, read_key(arguments[3], "public-key"));
  }
  socket.set(zmq::sockopt::subscribe, "frame");
  socket.set(zmq::sockopt::subscribe, "health");
  socket.connect(arguments[1]);

  Signs signs;
  std::string said;
  double said_ms = 0;
  for (;;) {
    zmq::pollitem_t item{socket.handle(), 0, ZMQ_POLLIN, 0};
    zmq::poll(&item, 1, std::chrono::milliseconds(round_ms));
    for (int taken = 0; taken < most_at_once; ++taken) {
      std::vector<zmq::message_t> parts;
      if (!zmq::recv_multipart(socket, std::back_inserter(parts), zmq::recv_flags::dontwait)) break;
      signs.take(parts);
    }
    // Here a vehicle would be driven. This program says what it would know, when that changes and each second.
    const std::string fault = signs.fault();
    std::string known = fault;
    for (const auto &[name, camera] : signs.cameras) known += json(camera.signs).dump();
    if (known == said && now_ms() - said_ms < 1000) continue;
    said = known, said_ms = now_ms();
    if (!fault.empty()) std::cout << "not ok: " << fault << std::endl;
    for (const auto &[name, camera] : signs.cameras)
      if (fault.empty())
        std::cout << "ok: " << json(name) << " " << std::lround(*camera.age_ms()) << " ms old, " << camera.missed
                  << " missed in " << camera.gaps << " gaps, " << camera.restarts << " restarts, "
                  << json(camera.signs) << std::endl;
  }
} catch (const std::exception &error) {
  std::cerr << "subscriber: " << error.what() << std::endl;
  return 1;
}
