// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <atomic>
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "error.hpp"
#include "executor.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// Threads that wait for work. `thread_pool{n}` runs on n threads, the caller among them; copies
/// share the threads. One `for_each` at a time: a second caller waits for the first.
class thread_pool {
 public:
  /// threads >= 1; 0 means one per hardware thread.
  explicit thread_pool(int threads = 0) {
    if (threads < 0) fail(errc::bad_argument, "threads", message(threads, ", expected at least 0"));
    if (threads == 0) threads = int(std::thread::hardware_concurrency());
    shared_ = std::make_shared<crew>(threads < 1 ? 1 : threads);
  }

  int concurrency() const { return int(shared_->workers.size()) + 1; }

  template <class F>
  void for_each(index_t n, F&& f) const {
    if (n <= 1 || inside() || concurrency() == 1) {
      for (index_t i = 0; i < n; ++i) f(i);
      return;
    }
    using Function = std::remove_reference_t<F>;
    shared_->run(
        {n, [](const void* g, index_t i) { (*static_cast<Function*>(const_cast<void*>(g)))(i); },
         &f});
  }

 private:
  struct job {
    index_t count = 0;
    void (*call)(const void* function, index_t i) = nullptr;
    const void* function = nullptr;
  };

  static bool& inside() {
    thread_local bool value = false;
    return value;
  }

  struct crew {
    explicit crew(int threads) {
      for (int i = 1; i < threads; ++i) workers.emplace_back([this] { wait_for_work(); });
    }
    ~crew() {
      {
        const std::lock_guard lock(mutex);
        stop = true;
      }
      start.notify_all();
      for (std::thread& w : workers) w.join();
    }

    void run(job j) {
      const std::lock_guard one_caller(callers);
      {
        const std::lock_guard lock(mutex);
        current = j;
        next = 0;
        busy = int(workers.size());
        thrown = nullptr;
        ++round;
      }
      start.notify_all();
      work();
      std::unique_lock lock(mutex);
      done.wait(lock, [this] { return busy == 0; });
#if LOWBIT_EXCEPTIONS
      if (thrown) std::rethrow_exception(thrown);
#endif
    }

    void work() {
      inside() = true;
      for (index_t i = next++; i < current.count; i = next++) {
#if LOWBIT_EXCEPTIONS
        try {
          current.call(current.function, i);
        } catch (...) {
          const std::lock_guard lock(mutex);
          if (!thrown) thrown = std::current_exception();
          next = current.count;
        }
#else
        current.call(current.function, i);
#endif
      }
      inside() = false;
    }

    void wait_for_work() {
      long seen = 0;
      std::unique_lock lock(mutex);
      for (;;) {
        start.wait(lock, [&] { return stop || round != seen; });
        if (stop) return;
        seen = round;
        lock.unlock();
        work();
        lock.lock();
        if (--busy == 0) done.notify_one();
      }
    }

    std::mutex callers, mutex;
    std::condition_variable start, done;
    std::atomic<index_t> next{0};
    job current;
    int busy = 0;
    long round = 0;
    bool stop = false;
    std::exception_ptr thrown;
    std::vector<std::thread> workers;  // last: they use what is above
  };

  std::shared_ptr<crew> shared_;
};

}  // namespace lowbit::inline LOWBIT_ABI
