// Turns a stored 3D thing before the eyes of who looks: by itself (unless motion is to be reduced),
// by finger or mouse, and by the arrow keys, with + and - to come closer. Needs WebGL.

import * as THREE from "../vendor/three/three.module.min.js";
import { OrbitControls } from "../vendor/three/OrbitControls.js";
import { word } from "./words.js";

const TURN = Math.PI / 18;
const STEPS = { ArrowLeft: [-TURN, 0, 1], ArrowRight: [TURN, 0, 1], ArrowUp: [0, -TURN, 1], ArrowDown: [0, TURN, 1], "+": [0, 0, 0.9], "-": [0, 0, 1 / 0.9] };

async function gltf(url) {
  const { GLTFLoader } = await import("../vendor/three/GLTFLoader.js");
  return (await new GLTFLoader().loadAsync(url)).scene;
}

async function obj(url) {
  const { OBJLoader } = await import("../vendor/three/OBJLoader.js");
  return new OBJLoader().loadAsync(url);
}

async function solid(geometry) {
  if (!geometry.getAttribute("normal")) geometry.computeVertexNormals();
  const coloured = Boolean(geometry.getAttribute("color"));
  const material = new THREE.MeshStandardMaterial({ color: coloured ? 0xffffff : 0xcbb48a, vertexColors: coloured, roughness: 0.8, side: THREE.DoubleSide });
  return new THREE.Mesh(geometry, material);
}

async function stl(url) {
  const { STLLoader } = await import("../vendor/three/STLLoader.js");
  return solid(await new STLLoader().loadAsync(url));
}

async function ply(url) {
  const { PLYLoader } = await import("../vendor/three/PLYLoader.js");
  return solid(await new PLYLoader().loadAsync(url));
}

const LOADERS = { glb: gltf, obj, stl, ply };

function release(scene) {
  scene.traverse((part) => {
    if (part.geometry) part.geometry.dispose();
    for (const material of [].concat(part.material || [])) {
      for (const value of Object.values(material)) if (value && value.isTexture) value.dispose();
      material.dispose();
    }
  });
}

/** Show `output` in `stage`; returns { stop }. Throws where WebGL or the file fails. */
export async function openViewer(stage, output, alt) {
  const load = LOADERS[output.format];
  if (!load) throw new Error(`no loader for ${output.format}`);
  const renderer = new THREE.WebGLRenderer({ antialias: true, alpha: true });
  const scene = new THREE.Scene();
  let thing;
  try {
    thing = await load(output.url);
  } catch (error) {
    renderer.dispose();
    throw error;
  }
  scene.add(thing, new THREE.HemisphereLight(0xffffff, 0xa89a86, 2.2));
  const sun = new THREE.DirectionalLight(0xffffff, 1.6);
  scene.add(sun);

  const ball = new THREE.Box3().setFromObject(thing).getBoundingSphere(new THREE.Sphere());
  const radius = ball.radius || 1;
  const camera = new THREE.PerspectiveCamera(35, 1, radius / 100, radius * 100);
  camera.position.copy(ball.center).add(new THREE.Vector3(0.45, 0.32, 1).setLength(radius * 3.3));
  sun.position.copy(ball.center).add(new THREE.Vector3(1, 2, 1.5).setLength(radius * 4));

  const canvas = renderer.domElement;
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `${alt}. ${word("common.media.turn_it")}`);
  const controls = new OrbitControls(camera, canvas);
  controls.target.copy(ball.center);
  controls.enablePan = false;
  controls.minDistance = radius * 1.2;
  controls.maxDistance = radius * 8;
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  controls.autoRotate = !still.matches;
  controls.autoRotateSpeed = 1.6;
  controls.update();

  let frame = 0;
  let seen = true;
  function draw() {
    frame = 0;
    const [width, height] = [stage.clientWidth, stage.clientHeight];
    if (!width || !height) return;
    const size = renderer.getSize(new THREE.Vector2());
    if (size.x !== width || size.y !== height) {
      renderer.setPixelRatio(Math.min(window.devicePixelRatio || 1, 2));
      renderer.setSize(width, height, false);
      camera.aspect = width / height;
      camera.updateProjectionMatrix();
    }
    controls.update();
    renderer.render(scene, camera);
    stage.dataset.angle = controls.getAzimuthalAngle().toFixed(3);
    if (controls.autoRotate && seen) soon();
  }
  function soon() {
    if (!frame) frame = requestAnimationFrame(draw);
  }
  function onKey(event) {
    const step = STEPS[event.key];
    if (!step) return;
    event.preventDefault();
    controls.autoRotate = false;
    const offset = new THREE.Spherical().setFromVector3(camera.position.clone().sub(controls.target));
    offset.theta += step[0];
    offset.phi += step[1];
    offset.radius = Math.min(Math.max(offset.radius * step[2], controls.minDistance), controls.maxDistance);
    offset.makeSafe();
    camera.position.setFromSpherical(offset).add(controls.target);
    soon();
  }
  const rest = () => {
    controls.autoRotate = false;
  };
  controls.addEventListener("start", rest);
  controls.addEventListener("change", soon);
  canvas.addEventListener("keydown", onKey);
  window.addEventListener("resize", soon);
  // Nothing is drawn that nobody sees.
  const watcher = new IntersectionObserver(([entry]) => {
    seen = entry.isIntersecting;
    if (seen) soon();
  });
  watcher.observe(stage);
  stage.append(canvas);
  stage.dataset.ready = "true";
  soon();

  return {
    stop: () => {
      if (frame) cancelAnimationFrame(frame);
      watcher.disconnect();
      window.removeEventListener("resize", soon);
      controls.dispose();
      release(scene);
      renderer.dispose();
      renderer.forceContextLoss();
      canvas.remove();
    },
  };
}
