package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"runtime/pprof"
	"time"

	"mixq/milp"
)

func main() {
	lim := flag.Float64("time", 60, "")
	gap := flag.Float64("gap", 0, "")
	prof := flag.String("prof", "", "")
	v := flag.Bool("v", false, "")
	flag.Parse()
	t0 := time.Now()
	m, err := milp.ReadFile(flag.Arg(0))
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	tr := time.Since(t0)
	if *prof != "" {
		f, _ := os.Create(*prof)
		pprof.StartCPUProfile(f)
		defer pprof.StopCPUProfile()
	}
	ctx, c := context.WithTimeout(context.Background(), time.Duration(*lim*1e9))
	defer c()
	o := milp.Options{Gap: *gap}
	if *v {
		o.Progress = func(p milp.Progress) {
			fmt.Fprintf(os.Stderr, "%6.1fs nodes %d iters %d obj %.10g bound %.10g\n", time.Since(t0).Seconds(), p.Nodes, p.Iters, p.Objective, p.Bound)
		}
	}
	t0 = time.Now()
	r, err := m.Solve(ctx, o)
	ts := time.Since(t0)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("status: %v\nobjective: %.12g\nbound: %.12g\nnodes: %d\niters: %d\n", r.Status, r.Objective, r.Bound, r.Nodes, r.Iters)
	if err := r.Check(m); err != nil {
		fmt.Println("CHECK FAILED", err)
	}
	fmt.Printf("read %.3f solve %.3f\n", tr.Seconds(), ts.Seconds())
}
