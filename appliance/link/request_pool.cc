#include "appliance/link/request_pool.h"

#include "appliance/link/frame_decoder.h"
#include "appliance/link/reasons.h"

namespace intaglio::appliance {

RequestPool::RequestPool(size_t threads, size_t most_unsent, FrameHandler& handler,
                         std::function<void()> wake)
    : most_unsent_(most_unsent), handler_(handler), wake_(std::move(wake)) {
  for (size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { Run(); });
}

RequestPool::~RequestPool() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  turn_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void RequestPool::Open(uint64_t connection) {
  std::lock_guard lock(mutex_);
  lanes_.try_emplace(connection);
}

void RequestPool::Submit(uint64_t connection, Bytes frame) {
  std::lock_guard lock(mutex_);
  Lane& lane = lanes_.at(connection);
  lane.waiting_octets += frame.size();
  lane.waiting.push_back(std::move(frame));
  GiveTurn(connection, lane);
}

void RequestPool::Sent(uint64_t connection, size_t octets) {
  std::lock_guard lock(mutex_);
  Lane& lane = lanes_.at(connection);
  lane.unsent -= octets;
  GiveTurn(connection, lane);
}

RequestPool::Load RequestPool::LoadOf(uint64_t connection) const {
  std::lock_guard lock(mutex_);
  const Lane& lane = lanes_.at(connection);
  return {lane.waiting.size() + lane.running, lane.waiting_octets, lane.unsent};
}

void RequestPool::Abandon(uint64_t connection) {
  std::lock_guard lock(mutex_);
  Lane& lane = lanes_.at(connection);
  lane.waiting.clear();
  lane.waiting_octets = 0;
  TellNews(connection, lane);
}

void RequestPool::Forget(uint64_t connection) {
  std::lock_guard lock(mutex_);
  lanes_.erase(connection);
}

std::vector<RequestPool::News> RequestPool::Collect() {
  std::lock_guard lock(mutex_);
  std::vector<News> out;
  for (const uint64_t connection : news_) {
    const auto found = lanes_.find(connection);
    if (found == lanes_.end()) continue;
    Lane& lane = found->second;
    lane.has_news = false;
    out.push_back({connection, std::exchange(lane.answers, {}), lane.failure,
                   lane.waiting.empty() && lane.running == 0});
  }
  news_.clear();
  return out;
}

void RequestPool::Run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    std::optional<std::pair<uint64_t, Bytes>> request;
    turn_.wait(lock, [&] { return stopping_ || (request = TakeTurn()).has_value(); });
    if (!request) return;
    lock.unlock();
    StatusOr<Bytes> outcome = handler_.Handle(request->first, request->second);
    lock.lock();
    TakeOutcome(request->first, std::move(outcome));
  }
}

std::optional<std::pair<uint64_t, Bytes>> RequestPool::TakeTurn() {
  while (!turns_.empty()) {
    const uint64_t connection = turns_.front();
    turns_.pop_front();
    const auto found = lanes_.find(connection);
    if (found == lanes_.end()) continue;
    Lane& lane = found->second;
    lane.in_turn = false;
    if (lane.waiting.empty() || lane.unsent >= most_unsent_) continue;
    std::pair<uint64_t, Bytes> request{connection, std::move(lane.waiting.front())};
    lane.waiting.pop_front();
    lane.waiting_octets -= request.second.size();
    ++lane.running;
    GiveTurn(connection, lane);
    return request;
  }
  return std::nullopt;
}

void RequestPool::TakeOutcome(uint64_t connection, StatusOr<Bytes> outcome) {
  Lane& lane = lanes_.at(connection);
  --lane.running;
  if (outcome.ok() && (outcome->empty() || outcome->size() > kMaxFrame)) {
    outcome = Fail(kLinkFrameLength, "an answer of " + std::to_string(outcome->size()) + " octets");
  }
  if (outcome.ok()) {
    const auto header = FrameHeader(outcome->size());
    lane.answers.insert(lane.answers.end(), header.begin(), header.end());
    lane.answers.insert(lane.answers.end(), outcome->begin(), outcome->end());
    lane.unsent += header.size() + outcome->size();
  } else if (!lane.failure) {
    lane.failure = outcome.status();
  }
  TellNews(connection, lane);
}

void RequestPool::GiveTurn(uint64_t connection, Lane& lane) {
  if (lane.in_turn || lane.waiting.empty() || lane.unsent >= most_unsent_) return;
  lane.in_turn = true;
  turns_.push_back(connection);
  turn_.notify_one();
}

void RequestPool::TellNews(uint64_t connection, Lane& lane) {
  if (lane.has_news) return;
  lane.has_news = true;
  news_.push_back(connection);
  if (news_.size() == 1) wake_();
}

}  // namespace intaglio::appliance
