// RequestPool: the threads that carry out requests, and what each connection has in their hands.
//
// Connections take turns, so one that floods cannot starve another. A connection whose answers
// pile up unsent gets no turn until they have left: that bounds what a peer that never reads can
// make the core hold, to the limit and one answer for each thread.
#ifndef INTAGLIO_APPLIANCE_LINK_REQUEST_POOL_H_
#define INTAGLIO_APPLIANCE_LINK_REQUEST_POOL_H_

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "appliance/link/frame_handler.h"

namespace intaglio::appliance {

// Thread-safe, but for one connection the calls come from one thread.
class RequestPool final {
 public:
  // How much of one connection is in the pool's hands.
  struct Load {
    size_t requests = 0;        // waiting or being carried out
    size_t waiting_octets = 0;  // of requests not begun
    size_t unsent = 0;          // octets of answers, collected or not, that Sent() has not named
  };
  // What became of a connection's requests since the last Collect().
  struct News {
    uint64_t connection = 0;
    Bytes answers;                  // whole frames, in the order they were ready
    std::optional<Status> failure;  // of the first request that was no request
    bool idle = false;              // nothing waits, nothing is being carried out
  };

  // `wake` is called, on any thread, when Collect() has something after having had nothing.
  RequestPool(size_t threads, size_t most_unsent, FrameHandler& handler,
              std::function<void()> wake);
  // Finishes what has been begun, drops the rest.
  ~RequestPool();
  RequestPool(const RequestPool&) = delete;
  RequestPool& operator=(const RequestPool&) = delete;

  void Open(uint64_t connection);
  void Submit(uint64_t connection, Bytes frame);
  void Sent(uint64_t connection, size_t octets);
  Load LoadOf(uint64_t connection) const;
  // Drops the requests that have not begun. Collect() says when the connection is idle.
  void Abandon(uint64_t connection);
  // Ends the account of a connection that is idle.
  void Forget(uint64_t connection);
  std::vector<News> Collect();

 private:
  struct Lane {
    std::deque<Bytes> waiting;
    size_t waiting_octets = 0;
    size_t running = 0;
    size_t unsent = 0;
    Bytes answers;
    std::optional<Status> failure;
    bool in_turn = false;   // stands in `turns_`
    bool has_news = false;  // stands in `news_`
  };

  void Run();
  // The next request to carry out; nothing if no connection has a turn.
  std::optional<std::pair<uint64_t, Bytes>> TakeTurn();
  void TakeOutcome(uint64_t connection, StatusOr<Bytes> outcome);
  void GiveTurn(uint64_t connection, Lane& lane);
  void TellNews(uint64_t connection, Lane& lane);

  const size_t most_unsent_;
  FrameHandler& handler_;
  const std::function<void()> wake_;
  mutable std::mutex mutex_;
  std::condition_variable turn_;
  bool stopping_ = false;
  std::map<uint64_t, Lane> lanes_;
  std::deque<uint64_t> turns_;
  std::vector<uint64_t> news_;
  std::vector<std::thread> threads_;
};

}  // namespace intaglio::appliance

#endif  // INTAGLIO_APPLIANCE_LINK_REQUEST_POOL_H_
