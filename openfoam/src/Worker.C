#include "Worker.H"

#include <cerrno>
#include <cmath>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace vcnn
{
namespace
{
enum Kind : std::int64_t { ANSWER = 0, ERROR = 1, QUESTION = 2, NOT_STARTED = 3 };

struct Head
{
    std::int64_t kind, a, b;
};

const int CHILDS_SOCKET = 3;  // the first after standard input, output and error
const std::int64_t LONGEST_TEXT = 1 << 20;
const int PATIENCE = 500;  // hundredths of a second, for a process to end by itself

//- Pointers to the words, as exec wants them
std::vector<char*> pointers(std::vector<std::string>& words)
{
    std::vector<char*> result;
    for (std::string& word : words) result.push_back(&word[0]);
    result.push_back(nullptr);
    return result;
}

//- The environment without what a launcher of MPI tells its ranks: the worker is none of them
std::vector<std::string> environmentOfNoRank()
{
    std::vector<std::string> kept;
    for (char** entry = environ; *entry; ++entry)
    {
        bool launcher = false;
        for (const char* prefix : {"OMPI_", "PMIX_", "PMI_"})
        {
            launcher = launcher || !std::strncmp(*entry, prefix, std::strlen(prefix));
        }
        if (!launcher) kept.push_back(*entry);
    }
    return kept;
}

//- Close what the solver has open (files, connections of MPI), above the worker's socket
void closeOthers()
{
    #ifdef SYS_close_range
    if (::syscall(SYS_close_range, CHILDS_SOCKET + 1, ~0U, 0) == 0) return;
    #endif
    const long most = ::sysconf(_SC_OPEN_MAX);
    for (int fd = CHILDS_SOCKET + 1; fd < most && fd < (1 << 16); ++fd) ::close(fd);
}

//- In the child: become the worker. Only calls that are safe after a fork of several threads.
[[noreturn]] void become(char* const* command, char* const* environment, int socket, pid_t solver)
{
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != solver) ::_exit(1);  // it was killed before this
    if (socket == CHILDS_SOCKET) ::fcntl(socket, F_SETFD, 0);  // to stay open
    else ::dup2(socket, CHILDS_SOCKET);
    closeOthers();
    const int nothing = ::open("/dev/null", O_RDONLY);
    ::dup2(nothing, STDIN_FILENO);
    ::close(nothing);
    ::execvpe(command[0], command, environment);
    const Head head = {NOT_STARTED, errno, 0};
    (void)!::write(CHILDS_SOCKET, &head, sizeof(head));
    ::_exit(127);
}

std::string inOneLine(std::string text)
{
    for (char& c : text)
    {
        if (c == '\n' || c == '\r') c = ' ';
    }
    return text;
}
}

bool Worker::send(const void* data, std::size_t size) const
{
    const char* p = static_cast<const char*>(data);
    while (size)
    {
        const ssize_t sent = ::send(socket_, p, size, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) return false;
        p += sent;
        size -= sent;
    }
    return true;
}

bool Worker::receive(void* data, std::size_t size) const
{
    char* p = static_cast<char*>(data);
    while (size)
    {
        const ssize_t received = ::recv(socket_, p, size, 0);
        if (received < 0 && errno == EINTR) continue;
        if (received <= 0) return false;
        p += received;
        size -= received;
    }
    return true;
}

bool Worker::receiveText(std::int64_t length, std::string& text) const
{
    if (length < 0 || length > LONGEST_TEXT) return false;
    text.resize(length);
    return !length || receive(&text[0], length);
}

std::string Worker::failure(std::int64_t kind, std::int64_t a)
{
    std::string text;
    if (kind == NOT_STARTED) return std::strerror(int(a));
    if (kind != ERROR) return "the Python process sent what is neither an answer nor an error";
    return receiveText(a, text) ? inOneLine(text) : ended();
}

int Worker::wait()
{
    int status = 0;
    for (int i = 0; i < PATIENCE; ++i)
    {
        if (::waitpid(pid_, &status, WNOHANG) == pid_)
        {
            pid_ = -1;
            return status;
        }
        ::usleep(10000);
    }
    ::kill(pid_, SIGKILL);
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {}
    pid_ = -1;
    return status;
}

std::string Worker::ended()
{
    const int status = wait();
    const std::string process = "the Python process ";
    if (WIFSIGNALED(status))
    {
        return process + "was ended by signal " + std::to_string(WTERMSIG(status));
    }
    return process + "ended with exit status " + std::to_string(WEXITSTATUS(status))
        + ", see above";
}

Worker::~Worker()
{
    if (socket_ >= 0) ::close(socket_);
    if (pid_ > 0) wait();
}

std::string Worker::start(std::vector<std::string> command)
{
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends)) return std::strerror(errno);
    command.push_back("--socket");
    command.push_back(std::to_string(CHILDS_SOCKET));
    std::vector<std::string> variables = environmentOfNoRank();
    const std::vector<char*> words = pointers(command), environment = pointers(variables);
    const pid_t solver = ::getpid();
    pid_ = ::fork();
    if (pid_ == 0) become(words.data(), environment.data(), ends[1], solver);
    const int reason = errno;
    ::close(ends[1]);
    socket_ = ends[0];
    if (pid_ < 0) return std::strerror(reason);

    Head head;
    if (!receive(&head, sizeof(head))) return ended();
    if (head.kind == NOT_STARTED) return command[0] + ": " + failure(head.kind, head.a);
    if (head.kind != ANSWER) return failure(head.kind, head.a);
    return receiveText(head.a, ready_) ? "" : ended();
}

std::string Worker::ask
(
    const double* rows,
    std::int64_t cells,
    std::int64_t columns,
    double* answer,
    std::int64_t answerCells,
    std::int64_t answerColumns,
    Shares& shares
)
{
    Head head = {QUESTION, cells, columns};
    // a process that ended before it read all may have left an error to be read
    if (send(&head, sizeof(head))) send(rows, cells*columns*sizeof(double));
    if (!receive(&head, sizeof(head))) return ended();
    if (head.kind != ANSWER) return failure(head.kind, head.a);
    if (head.a != answerCells || head.b != answerColumns)
    {
        return "the Python process answered " + std::to_string(head.a) + " x "
            + std::to_string(head.b) + " numbers, expected " + std::to_string(answerCells)
            + " x " + std::to_string(answerColumns);
    }
    const std::int64_t size = answerCells*answerColumns;
    if (!receive(answer, size*sizeof(double))) return ended();
    if (!receive(&shares, sizeof(shares))) return ended();
    for (std::int64_t i = 0; i < size; ++i)
    {
        if (!std::isfinite(answer[i])) return "the Python process answered NaN or infinity";
    }
    return "";
}
}
