#pragma once
// Lets Asio recycle the frames of coroutines while the kernel runs, as it does inside an
// io_context. Without it each frame costs an aligned allocation of its own, which is slow.
//
// This reaches into Asio's detail namespace, for want of a public way; Boost is pinned to 1.81.

#include <boost/asio/detail/thread_context.hpp>
#include <boost/asio/detail/thread_info_base.hpp>

namespace atlas::sim::kernel {

class FrameRecycling : private boost::asio::detail::thread_context {
  public:
    /// Recycling is on while one of these lives, on its thread; they nest.
    class Scope {
      public:
        explicit Scope(FrameRecycling& recycling) : context_(&recycling, recycling.cache_) {}

      private:
        thread_call_stack::context context_;
    };

  private:
    boost::asio::detail::thread_info_base cache_;
};

}  // namespace atlas::sim::kernel
