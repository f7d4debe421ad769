package infer

import (
	"mixq/nn"
	"mixq/tensor/kernel"
)

// step is a part of the program whose tasks may run at the same time.
type step struct {
	node *nn.Node // whose outputs are complete after this step; nil for others
	outs []*slot  // of node

	tiles int  // independent parts of the work on one image; 0: no work at all
	batch bool // a task had better take many images than one
	setup bool // a task has work to do whatever its tiles, so that there had better be few
	need  scratchSize

	weights int64 // bytes that it holds
	run     func(e *env, t task)
}

// task is a share of a step: some tiles of each of some images.
type task struct {
	worker int
	images kernel.Range
	tiles  kernel.Range
}

// eachImage makes a step of one tile an image.
func eachImage(f func(e *env, i int)) step {
	return step{tiles: 1, run: func(e *env, t task) {
		for i := t.images.Lo; i < t.images.Hi; i++ {
			f(e, i)
		}
	}}
}

// job is a step that the workers of a session are running; it implements
// par.Task. Neither the blocks of images nor the shares of tiles show in the
// results.
type job struct {
	env    env
	step   *step
	images int // in this group
	block  int // images a task
	split  int // shares of the tiles of an image
}

// begin sets the step and returns the number of its tasks. Whole images are the
// first choice, tiles are for when there are few.
func (j *job) begin(s *step, images, threads int) int {
	j.step, j.images, j.block, j.split = s, images, 1, 1
	switch {
	case threads == 1 || s.batch && images >= threads:
		j.block = (images + threads - 1) / threads
	case images < 4*threads:
		tasks := 4 * threads // more than workers, which are not equally fast
		if s.setup && images <= threads {
			tasks = threads
		}
		j.split = min(s.tiles, (tasks+images-1)/images)
	}
	return (images + j.block - 1) / j.block * j.split
}

// Do runs task i.
func (j *job) Do(worker, i int) {
	img, part, tiles := i/j.split*j.block, i%j.split, j.step.tiles
	j.step.run(&j.env, task{
		worker: worker,
		images: kernel.Range{Lo: img, Hi: min(img+j.block, j.images)},
		tiles:  kernel.Range{Lo: part * tiles / j.split, Hi: (part + 1) * tiles / j.split},
	})
}
