// A solver as small as can be: asks a worker, and prints what it hears.
//
//     worker_driver QUESTIONS CELLS COLUMNS ANSWER_CELLS ANSWER_COLUMNS COMMAND ...
#include "Worker.H"

#include <cstdio>
#include <cstdlib>
#include <unistd.h>

int main(int argc, char** argv)
{
    const long questions = std::atol(argv[1]), cells = std::atol(argv[2]);
    const long columns = std::atol(argv[3]), m = std::atol(argv[4]), n = std::atol(argv[5]);
    {
        vcnn::Worker worker;
        std::string error = worker.start(std::vector<std::string>(argv + 6, argv + argc));
        if (error.empty()) std::printf("ready: %s\n", worker.ready().c_str());
        std::vector<double> rows(cells*columns), answer(m*n);
        for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = i;
        vcnn::Shares shares = {0, 0};
        for (long i = 0; i < questions && error.empty(); ++i)
        {
            error = worker.ask(rows.data(), cells, columns, answer.data(), m, n, shares);
            if (!error.empty()) break;
            std::printf
            (
                "answer: %.17g %.17g, shares %g %g\n",
                answer.front(), answer.back(), shares.clipped, shares.extrapolating
            );
        }
        if (!error.empty()) std::printf("error: %s\n", error.c_str());
        std::fflush(stdout);
        if (questions < 0) ::pause();  // to be killed
    }
    std::printf("end\n");
}
