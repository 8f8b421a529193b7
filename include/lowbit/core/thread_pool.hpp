// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// POSIX threads and built-in atomics: <thread>, <mutex>, <condition_variable> and <atomic> would be
// a fifth of what including lowbit.hpp costs.
#include <pthread.h>
#include <unistd.h>

#include <exception>
#include <vector>

#include "error.hpp"
#include "executor.hpp"
#include "shared.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// Threads that wait for work. `thread_pool{n}` runs on n threads, the caller among them; copies
/// share the threads. One `for_each` at a time: a second caller waits for the first. Where the
/// system grants fewer threads than asked for, `concurrency` says how many there are.
class thread_pool {
 public:
  /// threads >= 1; 0 means one per hardware thread.
  explicit thread_pool(int threads = 0) {
    if (threads < 0) fail(errc::bad_argument, "threads", message(threads, ", expected at least 0"));
    if (threads == 0) threads = int(sysconf(_SC_NPROCESSORS_ONLN));
    shared_ = shared<crew>::make(threads < 1 ? 1 : threads);
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

  class lock {
   public:
    explicit lock(pthread_mutex_t& mutex) : mutex_(mutex) { pthread_mutex_lock(&mutex_); }
    ~lock() { pthread_mutex_unlock(&mutex_); }
    lock(const lock&) = delete;
    lock& operator=(const lock&) = delete;

   private:
    pthread_mutex_t& mutex_;
  };

  struct crew {
    explicit crew(int threads) {
      const auto live = [](void* self) -> void* {
        static_cast<crew*>(self)->wait_for_work();
        return nullptr;
      };
      workers.reserve(std::size_t(threads - 1));
      pthread_t worker;
      while (int(workers.size()) + 1 < threads && pthread_create(&worker, nullptr, live, this) == 0)
        workers.push_back(worker);
    }
    ~crew() {
      {
        const lock held(mutex);
        stop = true;
      }
      pthread_cond_broadcast(&start);
      for (const pthread_t w : workers) pthread_join(w, nullptr);
      pthread_cond_destroy(&done);
      pthread_cond_destroy(&start);
      pthread_mutex_destroy(&mutex);
      pthread_mutex_destroy(&callers);
    }
    crew(const crew&) = delete;
    crew& operator=(const crew&) = delete;

    void run(job j) {
      const lock one_caller(callers);
      {
        const lock held(mutex);
        current = j;
        next = 0;
        busy = int(workers.size());
        thrown = nullptr;
        ++round;
      }
      pthread_cond_broadcast(&start);
      work();
      const lock held(mutex);
      while (busy != 0) pthread_cond_wait(&done, &mutex);
#if LOWBIT_EXCEPTIONS
      if (thrown) std::rethrow_exception(thrown);
#endif
    }

    index_t take_next() { return __atomic_fetch_add(&next, 1, __ATOMIC_RELAXED); }

    void work() {
      inside() = true;
      for (index_t i = take_next(); i < current.count; i = take_next()) {
#if LOWBIT_EXCEPTIONS
        try {
          current.call(current.function, i);
        } catch (...) {
          const lock held(mutex);
          if (!thrown) thrown = std::current_exception();
          __atomic_store_n(&next, current.count, __ATOMIC_RELAXED);
        }
#else
        current.call(current.function, i);
#endif
      }
      inside() = false;
    }

    void wait_for_work() {
      for (long seen = 0;;) {
        {
          const lock held(mutex);
          while (!stop && round == seen) pthread_cond_wait(&start, &mutex);
          if (stop) return;
          seen = round;
        }
        work();
        const lock held(mutex);
        if (--busy == 0) pthread_cond_signal(&done);
      }
    }

    pthread_mutex_t callers = PTHREAD_MUTEX_INITIALIZER, mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t start = PTHREAD_COND_INITIALIZER, done = PTHREAD_COND_INITIALIZER;
    job current;
    index_t next = 0;  // shared by all: only atomic once work has begun
    int busy = 0;
    long round = 0;
    bool stop = false;
    std::exception_ptr thrown;
    std::vector<pthread_t> workers;
  };

  shared<crew> shared_;
};

}  // namespace lowbit::inline LOWBIT_ABI
